package historytest

// Violations is how many answers cannot be.
func (r *Report) Violations() int { return r.violations + r.allowedAfterAnEnd }

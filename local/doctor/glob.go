package doctor

import "strings"

// glob reports whether a text fits a pattern of IAM, in which * stands for any text
// and ? for any one character. It takes time in proportion to both lengths at most.
func glob(pattern, text string) bool {
	p, t, star, from := 0, 0, -1, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// globFold is glob without regard to case, as actions compare.
func globFold(pattern, text string) bool {
	return glob(strings.ToLower(pattern), strings.ToLower(text))
}

// globARN compares as IAM's ArnLike does: each of the six parts by itself.
func globARN(pattern, arn string) bool {
	patterns, parts := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(patterns) != len(parts) {
		return false
	}
	for i := range parts {
		if !glob(patterns[i], parts[i]) {
			return false
		}
	}
	return true
}

// hasGlob reports whether a pattern stands for more than one text.
func hasGlob(pattern string) bool { return strings.ContainsAny(pattern, "*?") }

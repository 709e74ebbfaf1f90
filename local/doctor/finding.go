package doctor

import (
	"fmt"
	"strings"
	"unicode"
)

// Status is how a check came out.
type Status string

// What a check may come out as.
const (
	OK      Status = "ok"      // as it must be
	Warn    Status = "warn"    // works, and somebody should look at it
	Fail    Status = "FAIL"    // a promise of the product does not hold
	Unknown Status = "unknown" // AWS did not say: access denied, throttled, no or an odd answer
)

// Finding is what one check found of one subject. Its texts are printable and short,
// and hold no secret.
type Finding struct {
	Check   string `json:"check"`   // what was checked, such as "authorizer-ttl"
	Subject string `json:"subject"` // of what, such as "HTTP API orders (a1b2c3d4e5)"
	Status  Status `json:"status"`
	Found   string `json:"found"`
	Do      string `json:"do,omitempty"` // what to do, unless it is ok
}

// Report is everything that was found of a stack.
type Report struct {
	Stack    string    `json:"stack"`
	Region   string    `json:"region"`
	Findings []Finding `json:"findings"`
}

// Count returns how many checks came out so.
func (r Report) Count(s Status) int {
	n := 0
	for _, f := range r.Findings {
		if f.Status == s {
			n++
		}
	}
	return n
}

// Healthy reports whether nothing failed and everything was answered.
func (r Report) Healthy() bool { return r.Count(Fail)+r.Count(Unknown) == 0 }

// check is a check of one subject, before it came out.
type check struct{ name, subject string }

func (c check) finding(s Status, found, do string) Finding {
	return Finding{Check: c.name, Subject: clean(c.subject), Status: s, Found: clean(found), Do: clean(do)}
}

func (c check) ok(found string, args ...any) Finding {
	return c.finding(OK, fmt.Sprintf(found, args...), "")
}

func (c check) warn(do, found string, args ...any) Finding {
	return c.finding(Warn, fmt.Sprintf(found, args...), do)
}

func (c check) fail(do, found string, args ...any) Finding {
	return c.finding(Fail, fmt.Sprintf(found, args...), do)
}

func (c check) unclear(do, found string, args ...any) Finding {
	return c.finding(Unknown, fmt.Sprintf(found, args...), do)
}

// unanswered is a check for which AWS gave no answer, or said that what the stack made
// is not there.
func (c check) unanswered(err error) Finding {
	found, do := explain(err)
	if gone[codeOf(err)] {
		return c.fail("restore it, or deploy the stack anew", "it is not there any more (%s)", found)
	}
	return c.finding(Unknown, found, do)
}

// maxText is more than any text of ours with the names that AWS allows in it.
const maxText = 1200

// clean keeps what an answer holds from acting on a terminal, and texts short.
func clean(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsPrint(c) {
			return c
		}
		return '\ufffd'
	}, s)
	return cut(s, maxText)
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// several lists at most five texts.
func several(texts []string) string {
	const most = 5
	if len(texts) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], ", "), len(texts)-most)
	}
	return strings.Join(texts, ", ")
}

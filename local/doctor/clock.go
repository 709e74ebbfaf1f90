package doctor

import (
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Clocks of processes that share a store may differ by skew (docs/design.md, 1).
const skew = 5 * time.Second

// clock compares the local clock with the Date of AWS's answers, whose resolution is
// one second: it narrows down how far the local clock can be from theirs.
type clock struct {
	http aws.HTTPClient
	now  func() time.Time

	mu          sync.Mutex
	least, most time.Duration // by how much the local clock is ahead, at least and at most
	measured    bool
}

// Do implements [aws.HTTPClient].
func (c *clock) Do(r *http.Request) (*http.Response, error) {
	sent := c.now()
	w, err := c.http.Do(r)
	if err == nil {
		c.measure(sent, c.now(), w.Header.Get("Date"))
	}
	return w, err
}

// measure takes one answer into account: its Date was written between sent and
// received, in the second that begins with it.
func (c *clock) measure(sent, received time.Time, date string) {
	at, err := http.ParseTime(date)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	least, most := sent.Sub(at)-time.Second, received.Sub(at)
	if c.measured {
		least, most = max(least, c.least), min(most, c.most)
	}
	if least <= most { // else several servers, whose clocks are not quite the same
		c.least, c.most, c.measured = least, most, true
	}
}

// examine judges the local clock. That it is right is only as certain as the answers
// were quick.
func (c *clock) examine() Finding {
	c.mu.Lock()
	defer c.mu.Unlock()
	is := check{"clock", "this machine"}
	const set = "synchronize the clock (NTP): the clocks of processes that share the tables may differ by 5 s"
	if !c.measured {
		return is.unclear("try again", "no answer of AWS had a Date")
	}
	off, way := c.least, "ahead of"
	if c.most < 0 {
		off, way = -c.most, "behind"
	}
	switch off = max(off, 0); {
	case off > skew:
		return is.fail(set, "%v %s AWS at least", off.Round(100*time.Millisecond), way)
	case off > skew/2:
		return is.warn(set, "%v %s AWS at least", off.Round(100*time.Millisecond), way)
	case c.most-c.least > 2*skew:
		return is.warn("try again on a better connection", "the answers took too long to tell")
	}
	return is.ok("within %v of AWS", max(c.most, -c.least).Round(100*time.Millisecond))
}

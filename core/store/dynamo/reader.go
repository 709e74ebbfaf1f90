package dynamo

import (
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/session"
)

// reader reads an item attribute by attribute, without reflection: it is on the path
// of every look-up. An attribute that is missing reads as zero; one of another type
// or size is a fault, and so is one that nobody asked for: it says something of the
// session that this version does not understand.
type reader struct {
	item  item
	known int    // attributes that were there and asked for
	wrong string // the first attribute that was not as it must be
}

// err returns the sentinel, told what is wrong, if anything is.
func (r *reader) err(damaged error) error {
	switch {
	case r.wrong != "":
		return fmt.Errorf("%w: attribute %s", damaged, r.wrong)
	case r.known != len(r.item):
		return fmt.Errorf("%w: %d attributes of it are unknown to this version", damaged, len(r.item)-r.known)
	}
	return nil
}

// fail notes that an attribute is not as it must be.
func (r *reader) fail(name string) {
	if r.wrong == "" {
		r.wrong = name
	}
}

func (r *reader) get(name string) types.AttributeValue {
	v, ok := r.item[name]
	if ok {
		r.known++
	}
	return v
}

func (r *reader) text(name string) string {
	switch v := r.get(name).(type) {
	case *types.AttributeValueMemberS:
		return v.Value
	case nil:
	default:
		r.fail(name)
	}
	return ""
}

func (r *reader) flag(name string) bool {
	switch v := r.get(name).(type) {
	case *types.AttributeValueMemberBOOL:
		return v.Value
	case nil:
	default:
		r.fail(name)
	}
	return false
}

// number reads a whole number; present tells 0 from missing.
func (r *reader) number(name string) (n int64, present bool) {
	switch v := r.get(name).(type) {
	case *types.AttributeValueMemberN:
		n, err := strconv.ParseInt(v.Value, 10, 64)
		if err != nil {
			r.fail(name)
		}
		return n, err == nil
	case nil:
	default:
		r.fail(name)
	}
	return 0, false
}

// Times are of the years 1 to 9999.
const (
	minMillis = -62135596800000
	maxMillis = 253402300799999
)

// time reads Unix milliseconds.
func (r *reader) time(name string) time.Time { return r.timeIn(name, 1) }

// seconds reads a time that is kept in Unix seconds, as TTL wants it.
func (r *reader) seconds(name string) time.Time { return r.timeIn(name, 1000) }

func (r *reader) timeIn(name string, unit int64) time.Time {
	n, present := r.number(name)
	switch {
	case !present:
		return time.Time{}
	case n < minMillis/unit || n > maxMillis/unit:
		r.fail(name)
		return time.Time{}
	}
	return time.UnixMilli(n * unit).UTC()
}

// bytes copies a binary attribute of just the size of into.
func (r *reader) bytes(name string, into []byte) {
	switch v := r.get(name).(type) {
	case *types.AttributeValueMemberB:
		if len(v.Value) != len(into) {
			r.fail(name)
			return
		}
		copy(into, v.Value)
	case nil:
	default:
		r.fail(name)
	}
}

func (r *reader) hash(name string) (h session.Hash) {
	r.bytes(name, h[:])
	return h
}

// id reads a session ID as text.
func (r *reader) id(name string) session.ID {
	text := r.text(name)
	if text == "" {
		return session.ID{}
	}
	id, err := session.ParseID(text)
	if err != nil {
		r.fail(name)
	}
	return id
}

func (r *reader) texts(name string) []string {
	var out []string
	for _, v := range r.list(name) {
		text, ok := v.(*types.AttributeValueMemberS)
		if !ok {
			r.fail(name)
			return nil
		}
		out = append(out, text.Value)
	}
	return out
}

func (r *reader) list(name string) []types.AttributeValue {
	switch v := r.get(name).(type) {
	case *types.AttributeValueMemberL:
		return v.Value
	case nil:
	default:
		r.fail(name)
	}
	return nil
}

func (r *reader) textMap(name string) map[string]string {
	switch v := r.get(name).(type) {
	case *types.AttributeValueMemberM:
		out := make(map[string]string, len(v.Value))
		for key, value := range v.Value {
			text, ok := value.(*types.AttributeValueMemberS)
			if !ok {
				r.fail(name)
				return nil
			}
			out[key] = text.Value
		}
		return out
	case nil:
	default:
		r.fail(name)
	}
	return nil
}

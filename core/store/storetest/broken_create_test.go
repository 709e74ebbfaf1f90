package storetest

import (
	"bytes"
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"coatcheck/core/session"
)

func brokenCreates() []broken {
	return []broken{
		{"times cut to the second", keeping(onTimes(func(t time.Time) time.Time { return t.Truncate(time.Second) })), by("create-keeps-every-field")},
		{"seconds in 32 bits", reading(onTimes(func(t time.Time) time.Time {
			return time.Unix(int64(int32(t.Unix())), int64(t.Nanosecond())).UTC()
		})), by("create-keeps-every-field")},
		{"missing time read as 1970", reading(onTimes(func(t time.Time) time.Time {
			if t.IsZero() {
				return time.Unix(0, 0).UTC()
			}
			return t
		})), by("create-keeps-what-is-empty")},
		{"empty list split into one empty string", reading(func(r *session.Record) {
			r.Roles = strings.Split(strings.Join(r.Roles, ","), ",")
		}), by("create-keeps-what-is-empty")},
		{"Latin-1 column", keeping(func(r *session.Record) {
			r.Client.UserAgent = strings.Map(func(c rune) rune { return min(c, 0xff) }, r.Client.UserAgent)
		}), by("create-keeps-text")},
		{"empty attribute value dropped", keeping(func(r *session.Record) {
			for k, v := range r.Attributes {
				if v == "" {
					delete(r.Attributes, k)
				}
			}
		}), by("create-keeps-text")},
		{"attribute names in lower case", keeping(func(r *session.Record) {
			for k, v := range r.Attributes {
				delete(r.Attributes, k)
				r.Attributes[strings.ToLower(k)] = v
			}
		}), by("create-keeps-text")},
		{"text trimmed", keeping(func(r *session.Record) { r.Client.UserAgent = strings.TrimSpace(r.Client.UserAgent) }), by("create-keeps-text")},
		{"roles as a set", keeping(func(r *session.Record) {
			slices.Sort(r.Roles)
			r.Roles = slices.Compact(r.Roles)
		}), by("create-keeps-order-of-lists")},
		{"column of 128 characters", keeping(func(r *session.Record) {
			r.Client.UserAgent = r.Client.UserAgent[:min(128, len(r.Client.UserAgent))]
		}), by("create-keeps-the-largest-record")},
		{"times in the local zone", reading(onTimes(func(t time.Time) time.Time {
			return t.In(time.FixedZone("local", 3600))
		})), by("create-keeps-times-in-UTC")},
	}
}

// onTimes changes each time of a record.
func onTimes(change func(time.Time) time.Time) func(r *session.Record) {
	return func(r *session.Record) {
		for _, f := range fieldsOf(reflect.ValueOf(r).Elem(), "") {
			if t, ok := f.value.Interface().(time.Time); ok {
				f.value.Set(reflect.ValueOf(change(t)))
			}
		}
	}
}

type field struct {
	path  string
	value reflect.Value
}

// fieldsOf returns the fields of a record, those of its parts included.
func fieldsOf(v reflect.Value, path string) []field {
	if _, isTime := v.Interface().(time.Time); isTime || v.Kind() != reflect.Struct {
		return []field{{path, v}}
	}
	var out []field
	for i := range v.NumField() {
		out = append(out, fieldsOf(v.Field(i), strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."))...)
	}
	return out
}

// forgetful are stores that forget one field, for each field there is.
func forgetful() []broken {
	var out []broken
	var model session.Record
	for i, f := range fieldsOf(reflect.ValueOf(&model).Elem(), "") {
		forget := func(r *session.Record) { fieldsOf(reflect.ValueOf(r).Elem(), "")[i].value.SetZero() }
		out = append(out,
			broken{"Read forgets " + f.path, reading(forget), by("create-keeps-every-field")},
			broken{"List forgets " + f.path, listing(func(_ context.Context, _ *shelf, _ session.Range, got *session.Listing) {
				for i := range got.Records {
					forget(&got.Records[i])
				}
			}), by("list-keeps-every-field")},
			broken{"Page forgets " + f.path, paging(func(_ *shelf, _ session.PageQuery, got *session.Page) {
				for i := range got.Records {
					forget(&got.Records[i])
				}
			}), by("page-keeps-every-field")},
		)
	}
	return out
}

func brokenTaken() []broken {
	const (
		taken, over      = "create-refuses-a-taken-ID", "create-refuses-the-ID-of-an-ended-record"
		expired, overdue = "create-refuses-the-ID-of-an-expired-record", "create-refuses-the-ID-of-a-purgeable-record"
		nothingElse      = "create-refuses-nothing-else"
	)
	return []broken{
		{
			"put without a condition", overwriting(func(session.Record) bool { return true }),
			by(taken, over, expired, overdue, "race-of-creates-has-one-winner"),
		},
		{"ended taken for free", overwriting(func(r session.Record) bool { return r.Ended() }), by(over)},
		{"expired taken for free", overwriting(func(r session.Record) bool { return r.AbsoluteExpiry.Before(noon) }), by(expired)},
		{"TTL trusted by create", overwriting(func(r session.Record) bool { return r.PurgeAt.Before(noon) }), by(overdue)},
		{"refusal without the record", refusing(func(session.Record) session.Record { return session.Record{} }), by(taken)},
		{"refusal with the record offered", refusing(func(offered session.Record) session.Record { return offered }), by(taken)},
		{"key without its last byte", alsoTaken(func(a, b session.ID) bool { return bytes.Equal(a[:26], b[:26]) }), by(nothingElse)},
		{"key without its user", alsoTaken(func(a, b session.ID) bool { return bytes.Equal(a[15:], b[15:]) }), by(nothingElse)},
	}
}

// overwriting makes a store whose Create replaces some of the records there are.
func overwriting(free func(there session.Record) bool) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{create: func(ctx context.Context, r session.Record) (session.Record, error) {
			there, err := s.Create(ctx, r)
			if err != nil && free(there) {
				s.put(r)
				return r, nil
			}
			return there, err
		}}
	}
}

// refusing makes a store that returns another record with ErrExists.
func refusing(with func(offered session.Record) session.Record) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{create: func(ctx context.Context, r session.Record) (session.Record, error) {
			there, err := s.Create(ctx, r)
			if err != nil {
				return with(r), err
			}
			return there, nil
		}}
	}
}

// alsoTaken makes a store that takes two IDs for one.
func alsoTaken(same func(a, b session.ID) bool) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{create: func(ctx context.Context, r session.Record) (session.Record, error) {
			for _, there := range s.all() {
				if same(there.ID, r.ID) {
					return there, session.ErrExists
				}
			}
			return s.Create(ctx, r)
		}}
	}
}

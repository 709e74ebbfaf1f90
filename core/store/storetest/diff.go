package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"coatcheck/core/session"
)

// Diff returns nil for equal records, else an error that names each field that
// differs, what it got and what it wanted. Times are equal as instants, and a list
// or map that is empty is as good as one that is nil.
func Diff(got, want session.Record) error {
	var faults []error
	diff("", reflect.ValueOf(got), reflect.ValueOf(want), &faults)
	return errors.Join(faults...)
}

func diff(path string, got, want reflect.Value, faults *[]error) {
	t, isTime := want.Interface().(time.Time)
	var same bool
	switch kind := want.Kind(); {
	case isTime:
		same = t.Equal(got.Interface().(time.Time))
	case kind == reflect.Struct:
		for i := range want.NumField() {
			diff(path+"."+want.Type().Field(i).Name, got.Field(i), want.Field(i), faults)
		}
		return
	case kind == reflect.Slice || kind == reflect.Map:
		same = got.Len() == 0 && want.Len() == 0 || reflect.DeepEqual(got.Interface(), want.Interface())
	default:
		same = got.Interface() == want.Interface()
	}
	if !same {
		*faults = append(*faults, fmt.Errorf("%s: got %s, want %s", path[1:], show(got), show(want)))
	}
}

func show(v reflect.Value) string {
	switch v := v.Interface().(type) {
	case string, []string, map[string]string:
		return fmt.Sprintf("%.300q", v)
	case session.Hash:
		return fmt.Sprintf("%x", v[:6])
	case time.Time:
		return v.Format(time.RFC3339Nano)
	default:
		return fmt.Sprint(v)
	}
}

// sameSet compares records in any order. One that is there twice is a fault.
func sameSet(got, want []session.Record) error {
	byID := func(a, b session.Record) int { return bytes.Compare(a.ID[:], b.ID[:]) }
	return sameList(slices.SortedFunc(slices.Values(got), byID), slices.SortedFunc(slices.Values(want), byID))
}

// sameList compares records in their order.
func sameList(got, want []session.Record) error {
	if !slices.EqualFunc(got, want, func(a, b session.Record) bool { return a.ID == b.ID }) {
		return fmt.Errorf("got %d records %v, want %d records %v", len(got), names(got), len(want), names(want))
	}
	for i := range want {
		if err := Diff(got[i], want[i]); err != nil {
			return fmt.Errorf("session %v: %w", want[i].ID, err)
		}
	}
	return nil
}

// names are the ends of the IDs, where records of one test differ.
func names(records []session.Record) []string {
	var out []string
	for i, r := range records {
		if i == 12 {
			return append(out, "...")
		}
		out = append(out, fmt.Sprintf("%x/%x", r.ID[:2], r.ID[len(r.ID)-3:]))
	}
	return out
}

package session

import (
	"context"
	"errors"
	"fmt"
)

// EndOthersOf is [Manager.EndOthers] for who has a session's ID only; the session that
// stays may be damaged. It also returns whose they are, "" where the record of the one
// that stays cannot be read, and [ErrNotFound] where there is none: a slip in the ID
// does not end the one that was to stay.
func (m *Manager) EndOthersOf(ctx context.Context, keep ID, reason EndReason, by By) (subject string, ended int, err error) {
	if subject, err = m.subjectOf(ctx, keep); err != nil {
		return "", 0, err
	}
	ended, err = m.endPartition(ctx, keep.Partition(), keep, reason, by)
	return subject, ended, err
}

// OthersOf returns how many sessions [Manager.EndOthersOf] would tell to have ended.
func (m *Manager) OthersOf(ctx context.Context, keep ID) (int, error) {
	if _, err := m.subjectOf(ctx, keep); err != nil {
		return 0, err
	}
	stays := map[ID]bool{keep: true}
	n := 0
	err := m.walk(ctx, Range{Partition: keep.Partition()}, func(page *Listing) error {
		page.successors(stays)
		for _, one := range m.ends(page, End{}, stays) {
			if one.counts {
				n++
			}
		}
		return nil
	})
	return n, err
}

// subjectOf returns the subject of a session, "" if it is damaged.
func (m *Manager) subjectOf(ctx context.Context, id ID) (string, error) {
	got, err := m.readBounded(ctx, Query{Sessions: []ID{id}})
	if err != nil {
		return "", err
	}
	switch r, err := got.find(id); {
	case errors.Is(err, ErrDamaged):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("session %v: %w", id, err)
	default:
		return r.Subject, nil
	}
}

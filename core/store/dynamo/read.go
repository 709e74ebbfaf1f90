package dynamo

import (
	"context"

	"coatcheck/core/session"
)

// Read implements [session.Store]: one GetItem for one key, else one BatchGetItem for
// every 100.
func (s *Sessions) Read(ctx context.Context, q session.Query) (session.Reading, error) {
	keys := keysOf(q)
	switch len(keys) {
	case 0:
		return session.Reading{}, ctx.Err()
	case 1:
		i, err := s.table.get(ctx, keys[0])
		if err != nil || len(i) == 0 {
			return session.Reading{}, err
		}
		return readingOf(i)
	}
	items, err := s.table.getAll(ctx, keys)
	if err != nil {
		return session.Reading{}, err
	}
	return readingOf(items...)
}

// keysOf are the keys that a query asks for, each once: BatchGetItem refuses others.
func keysOf(q session.Query) []item {
	keys := make([]item, 0, len(q.Sessions)+2)
	for _, id := range unique(q.Sessions) {
		keys = append(keys, sessionKey(id))
	}
	if !q.Subject.IsZero() {
		keys = append(keys, fenceKey(q.Subject))
	}
	if q.Control {
		keys = append(keys, controlItemKey())
	}
	return keys
}

func unique(ids []session.ID) []session.ID {
	if len(ids) < 2 {
		return ids
	}
	seen := make(map[session.ID]bool, len(ids))
	out := make([]session.ID, 0, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// readingOf sorts items by what their keys say they are.
func readingOf(items ...item) (got session.Reading, err error) {
	for _, i := range items {
		switch textIn(i, attrSort) {
		case fenceSort:
			got.Fence, err = decodeFence(i)
		case controlKey:
			got.EndedBefore, err = decodeControl(i)
		default:
			id, ok := idOf(i)
			if r, bad := decodeRecord(i); bad == nil {
				got.Records = append(got.Records, r)
			} else if ok {
				got.Damaged = append(got.Damaged, id)
			}
		}
		if err != nil {
			return session.Reading{}, err
		}
	}
	return got, nil
}

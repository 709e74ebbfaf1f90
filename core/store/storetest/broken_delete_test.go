package storetest

import (
	"context"

	"coatcheck/core/session"
)

// forgetting makes a store whose Delete is as given.
func forgetting(f func(ctx context.Context, s *shelf, id session.ID) error) func(s *shelf) hooks {
	return func(s *shelf) hooks {
		return hooks{forget: func(ctx context.Context, id session.ID) error { return f(ctx, s, id) }}
	}
}

func brokenDeletes() []broken {
	return []broken{
		{
			"delete does nothing", forgetting(func(context.Context, *shelf, session.ID) error { return nil }),
			by("delete-forgets-an-ended-record", "delete-of-a-live-record-conflicts", "update-after-delete-makes-nothing"),
		},
		{"delete takes what lives", forgetting(func(_ context.Context, s *shelf, id session.ID) error {
			s.drop(id)
			return nil
		}), by("delete-of-a-live-record-conflicts", "delete-of-an-expired-record-conflicts")},
		{"delete looks at the clock", forgetting(func(ctx context.Context, s *shelf, id session.ID) error {
			if r, ok := s.get(id); ok && r.AbsoluteExpiry.Before(noon) {
				s.drop(id)
				return nil
			}
			return s.Delete(ctx, id)
		}), by("delete-of-an-expired-record-conflicts")},
		{"delete refuses and takes", forgetting(func(ctx context.Context, s *shelf, id session.ID) error {
			err := s.Delete(ctx, id)
			s.drop(id)
			return err
		}), by("delete-of-a-live-record-conflicts")},
		{"delete of what is missing is an error", forgetting(func(ctx context.Context, s *shelf, id session.ID) error {
			if _, ok := s.get(id); !ok {
				return session.ErrNotFound
			}
			return s.Delete(ctx, id)
		}), by("delete-of-a-missing-record-is-success")},
		{"delete takes the user's others along", forgetting(func(ctx context.Context, s *shelf, id session.ID) error {
			for _, r := range s.all() {
				if r.ID.Partition() == id.Partition() && r.Ended() {
					s.drop(r.ID)
				}
			}
			return s.Delete(ctx, id)
		}), by("delete-leaves-the-others-and-the-fence")},
		{"delete of the last one takes the fence", forgetting(func(ctx context.Context, s *shelf, id session.ID) error {
			err := s.Delete(ctx, id)
			if got, _ := s.List(ctx, session.Range{Partition: id.Partition()}); len(got.Records) == 0 {
				_ = s.SetFence(ctx, id.Partition(), session.Fence{})
			}
			return err
		}), by("delete-leaves-the-others-and-the-fence")},
		{"delete leaves the index entry", deletesAndCounts, by("delete-leaves-no-index-entry")},
		{"update after a delete brings it back", func(s *shelf) hooks {
			gone := map[session.ID]session.Record{}
			return hooks{
				forget: func(ctx context.Context, id session.ID) error {
					if r, ok := s.get(id); ok {
						gone[id] = r
					}
					return s.Delete(ctx, id)
				},
				update: func(ctx context.Context, id session.ID, c session.Change) (session.Record, error) {
					if r, ok := gone[id]; ok {
						s.put(r)
					}
					return s.Update(ctx, id, c)
				},
			}
		}, by("update-after-delete-makes-nothing")},
		{"context ignored by Delete", forgetting(func(ctx context.Context, s *shelf, id session.ID) error {
			return s.Delete(context.WithoutCancel(ctx), id)
		}), by("done-context-is-an-error", "done-context-writes-nothing")},
	}
}

// deletesAndCounts goes on counting what was deleted.
func deletesAndCounts(s *shelf) hooks {
	left := map[session.ID]bool{}
	return hooks{
		forget: func(ctx context.Context, id session.ID) error {
			if _, ok := s.get(id); ok {
				left[id] = true
			}
			return s.Delete(ctx, id)
		},
		count: func(ctx context.Context, q session.StatusRange) (int, error) {
			n, err := s.Count(ctx, q)
			if q.Status == session.StatusEnded {
				n += len(left)
			}
			return n, err
		},
	}
}

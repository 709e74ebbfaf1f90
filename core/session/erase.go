package session

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// erasePasses is how often an erasure looks for what came meanwhile.
const erasePasses = 3

// Erase ends every session of a subject and forgets every record of them, ended ones and
// damaged ones too, and returns how many it forgot. Who keeps the account keeps its holder
// from signing in before, and deletes it after. With an error some records may be left,
// and repeating it forgets them; so it does with the ended record that a sign-in which was
// under way may leave behind its back.
//
// The user's fence stays: a random value under a hash of the subject. Without it a sign-in
// that is under way, and read that there was none, would find that nothing has changed,
// and a later user with the same subject would find its session among his own.
func (m *Manager) Erase(ctx context.Context, subject string, by By) (int, error) {
	// Ending replaces the fence. What makes a record from now on sees the new one, and so
	// the account as it is, or is refused and ends it.
	if _, err := m.EndAll(ctx, subject, AccountDisabled, by); err != nil {
		return 0, err
	}
	total := 0
	for range erasePasses {
		n, err := m.forgetAll(ctx, PartitionOf(subject), by)
		if total += n; err != nil || n == 0 {
			return total, err
		}
	}
	return total, nil
}

// forgetAll forgets every record that a partition has, and returns how many those were.
func (m *Manager) forgetAll(ctx context.Context, p Partition, by By) (int, error) {
	n := 0
	err := m.walk(ctx, Range{Partition: p}, func(page *Listing) error {
		ids, unended, err := page.toForget(p, End{At: m.clock(), Reason: AccountDisabled, By: by})
		if err != nil {
			return err
		}
		if _, err := m.endEach(ctx, unended); err != nil {
			return err
		}
		forgotten, err := m.forgetEach(ctx, ids)
		n += forgotten
		return err
	})
	return n, err
}

// toForget returns the sessions of a page, and the end of those that are not known to have
// ended: whose absolute expiry is over long since, and what is damaged. Only the user's own
// are forgotten, whatever a store answers.
func (page *Listing) toForget(p Partition, e End) (ids []ID, unended []ending, err error) {
	for i := range page.Records {
		if r := &page.Records[i]; !r.Ended() {
			unended = append(unended, ending{id: r.ID, end: e})
		}
		ids = append(ids, page.Records[i].ID)
	}
	for _, id := range page.Damaged {
		unended = append(unended, ending{id: id, end: e})
		ids = append(ids, id)
	}
	if i := slices.IndexFunc(ids, func(id ID) bool { return id.Partition() != p }); i >= 0 {
		return nil, nil, unavailable("erase", fmt.Errorf("session %v: the store answered with another user's: %w", ids[i], ErrDamaged))
	}
	return ids, unended, nil
}

// forgetEach forgets the sessions, side by side, as endEach ends them.
func (m *Manager) forgetEach(ctx context.Context, ids []ID) (forgotten int, err error) {
	for batch := range slices.Chunk(ids, endParallel) {
		n, err := m.forgetBatch(ctx, batch)
		forgotten += n
		if err != nil {
			return forgotten, err
		}
	}
	return forgotten, nil
}

func (m *Manager) forgetBatch(ctx context.Context, ids []ID) (forgotten int, fault error) {
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	var (
		wg sync.WaitGroup
		mu sync.Mutex
	)
	for _, id := range ids {
		wg.Go(func() {
			err := m.store.Delete(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				fault = unavailable(fmt.Sprintf("forget session %v", id), err)
				return
			}
			forgotten++
		})
	}
	wg.Wait()
	return forgotten, fault
}

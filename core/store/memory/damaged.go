package memory

import "coatcheck/core/session"

// Damage makes what is kept of a session something that is no record, as bad disks and
// other programs do: for tests of what becomes of it. Where there is no such session it
// returns [session.ErrNotFound].
func (s *Store) Damage(id session.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.record(id); !ok {
		return session.ErrNotFound
	}
	if s.damaged == nil {
		s.damaged = map[session.ID]bool{}
	}
	s.damaged[id] = true
	return nil
}

// readable parts the records from those that are none. The caller holds mu.
func (s *Store) readable(all []session.Record) (records []session.Record, damaged []session.ID) {
	for _, r := range all {
		if s.damaged[r.ID] {
			damaged = append(damaged, r.ID)
		} else {
			records = append(records, r)
		}
	}
	return records, damaged
}

// updateDamaged ends a session whose record cannot be read; no other change is made of
// it. The caller holds mu.
func (s *Store) updateDamaged(was session.Record, c session.Change) (session.Record, error) {
	if !c.EndsOnly() {
		return session.Record{}, session.ErrDamaged
	}
	is, err := c.Apply(was)
	if err == nil {
		s.users[was.ID.Partition()].records[was.ID] = is
	}
	return session.Record{ID: is.ID, End: is.End}, session.ErrDamaged
}

package session

import "context"

// Recheck checks again the session of a request that was let in and goes on, such as a
// connection that stays open: whether it is live and fulfils the demand. It goes by the
// session's ID, since the token that such a request came with may have been replaced
// meanwhile, and presenting that one once more would end the session. It is no use of
// the session, writes nothing, and costs one read, a session that somebody acts in a
// second one.
//
// Its error is nil or a [*Refusal], as [Manager.Lookup] gives them; one that is
// [ErrUnavailable] decides nothing.
func (m *Manager) Recheck(ctx context.Context, id ID, d Demand) error {
	began := m.now()
	bound, cancel := m.bounded(ctx)
	defer cancel()
	r, err := m.recheck(bound, id, d)
	err = asRefusal(err, id)
	m.checked(ctx, &r, err, began)
	return err
}

func (m *Manager) recheck(ctx context.Context, id ID, d Demand) (Record, error) {
	now := m.clock()
	r, err := m.fetch(ctx, id)
	if err != nil {
		return Record{}, err
	}
	if err := m.over(&r, now); err != nil {
		return r, err
	}
	if err := m.visitActor(ctx, &r, now, true); err != nil {
		return r, err
	}
	return r, d.check(&admission{record: r}, now)
}

// Issued reports whether a text is a token that this deployment made, whatever became
// of it. It reads nothing.
func (m *Manager) Issued(text string) bool {
	_, err := m.keys.parse(text)
	return err == nil
}

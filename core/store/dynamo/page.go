package dynamo

import (
	"context"
	"encoding/base64"
	"encoding/binary"

	"coatcheck/core/session"
)

// Page implements [session.Store]: Queries of all shards, merged, and BatchGetItem for
// the records. It lags.
//
// The order is by time, then shard, then DynamoDB's own within one millisecond of a
// shard; so the last entry of a page says for each shard where to go on. A record
// that no longer stands where the index said so is left out: it comes later in the
// walk, or is no longer in the list.
func (s *Sessions) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	after, err := openCursor(q)
	if err != nil {
		return session.Page{}, err
	}
	entries, more, err := s.entries(ctx, q, after)
	if err != nil {
		return session.Page{}, err
	}
	page, err := s.pageOf(ctx, q.Status, entries)
	if err == nil && more {
		page.Next = sealCursor(q.Status, entries[len(entries)-1])
	}
	return page, err
}

// entries returns the next entries up to the limit, and whether there are more.
func (s *Sessions) entries(ctx context.Context, q session.PageQuery, after *entry) (out []entry, more bool, err error) {
	streams := s.streams(q, after)
	err = parallel(ctx, shards, func(ctx context.Context, i int) error { return streams[i].fill(ctx, s.table.client) })
	for err == nil {
		first := earliest(&streams)
		if first == nil || len(out) == q.Limit {
			return out, first != nil, nil
		}
		out = append(out, first.buffer[0])
		first.buffer = first.buffer[1:]
		err = first.fill(ctx, s.table.client)
	}
	return nil, false, err
}

// streams are all shards', each where it goes on after an entry.
func (s *Sessions) streams(q session.PageQuery, after *entry) (out [shards]*stream) {
	// Twice a shard's share, and some: most pages need one query of each.
	perQuery := min(2*q.Limit/shards+8, q.Limit+1)
	for i := range out {
		in := spanOf(q.StatusRange)
		if after == nil || after.at < in.low {
			out[i] = s.stream(q.Status, i, in, perQuery)
			continue
		}
		own := shardOf(after.id)
		if in.low = after.at; i < own {
			in.low++
		}
		out[i] = s.stream(q.Status, i, in, perQuery)
		if i == own && out[i].query != nil {
			out[i].query.ExclusiveStartKey = after.key(q.Status)
		}
	}
	return out
}

// earliest is the stream whose next entry is the earliest; nil when all are over.
func earliest(streams *[shards]*stream) *stream {
	var first *stream
	for _, st := range streams {
		if len(st.buffer) > 0 && (first == nil || st.buffer[0].at < first.buffer[0].at) {
			first = st
		}
	}
	return first
}

// pageOf reads the entries' records, strongly consistent.
func (s *Sessions) pageOf(ctx context.Context, status session.Status, entries []entry) (session.Page, error) {
	ids := make([]session.ID, len(entries))
	for i, e := range entries {
		ids[i] = e.id
	}
	reading, err := s.Read(ctx, session.Query{Sessions: ids})
	if err != nil {
		return session.Page{}, err
	}
	there := make(map[session.ID]*session.Record, len(reading.Records))
	for i := range reading.Records {
		there[reading.Records[i].ID] = &reading.Records[i]
	}
	page := session.Page{Damaged: reading.Damaged}
	for _, e := range entries {
		if r := there[e.id]; r != nil && status.Time(r).UnixMilli() == e.at {
			page.Records = append(page.Records, *r)
		}
	}
	return page, nil
}

// sealCursor writes a page's last entry; the status keeps it to its own list.
func sealCursor(s session.Status, last entry) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(last.at)) //nolint:gosec // G115: back again in openCursor
	return string(s) + "." + base64.RawURLEncoding.EncodeToString(append(raw, last.id[:]...))
}

// openCursor reads it; nil for a first page.
func openCursor(q session.PageQuery) (*entry, error) {
	if q.Cursor == "" {
		return nil, nil
	}
	var e entry
	prefix := len(q.Status) + len(".")
	raw, err := base64.RawURLEncoding.DecodeString(q.Cursor[min(prefix, len(q.Cursor)):])
	if err != nil || len(raw) != 8+len(e.id) {
		return nil, session.ErrCursor
	}
	e.at = int64(binary.BigEndian.Uint64(raw)) //nolint:gosec // G115: see sealCursor
	copy(e.id[:], raw[8:])
	if sealCursor(q.Status, e) != q.Cursor {
		return nil, session.ErrCursor
	}
	return &e, nil
}

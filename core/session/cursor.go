package session

import (
	"crypto/sha256"
	"encoding/binary"
)

// maxCursor is the longest cursor that is looked at, in characters.
const maxCursor = 4096

// SealCursor writes a place in a list as a cursor: tagged, so that none can be made up,
// and bound to the list's name, so that it fits no other.
func (m *Manager) SealCursor(list string, place []byte) string {
	tag := m.keys.tag(0, cursorInput(list, place))
	return base64url.EncodeToString(append(tag[:], place...))
}

// OpenCursor returns the place that [Manager.SealCursor] wrote for that list, or
// [ErrCursor] for anything else.
func (m *Manager) OpenCursor(list, cursor string) ([]byte, error) {
	if len(cursor) > maxCursor {
		return nil, ErrCursor
	}
	raw, err := base64url.DecodeString(cursor)
	if err != nil || len(raw) < tagSize || !m.keys.verify(cursorInput(list, raw[tagSize:]), raw[:tagSize]) {
		return nil, ErrCursor
	}
	// Decoding skips line breaks, and bits that are over: other spellings.
	if place := raw[tagSize:]; base64url.EncodeToString(raw) == cursor {
		return place, nil
	}
	return nil, ErrCursor
}

// cursorInput is what a cursor's tag is made over. A token's tag is made over 52
// bytes, so that no cursor's can be one.
func cursorInput(list string, place []byte) []byte {
	h := sha256.New()
	_, _ = h.Write([]byte("coatcheck cursor\x00"))
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(list))))
	_, _ = h.Write([]byte(list))
	_, _ = h.Write(place)
	return h.Sum(nil)
}

package upstream

import (
	"errors"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
)

// watch checks the session of an exchange that stays open again and again, and breaks
// the exchange off when the session is over or no longer suffices. A store that does
// not answer decides nothing: it is asked again.
func (x *exchange) watch() {
	ticker := time.NewTicker(x.opts.CheckEvery)
	defer ticker.Stop()
	for {
		select {
		case <-x.in.Context().Done():
			return
		case <-x.closing:
			x.cancel()
			return
		case <-ticker.C:
		}
		if err := x.api.Recheck(x.in); err != nil && !errors.Is(err, session.ErrUnavailable) {
			record, _ := httpapi.SessionFrom(x.in.Context())
			x.opts.Log.InfoContext(x.in.Context(), "connection closed", "event", "connection_closed",
				"session", record.ID.String(), "cause", err.Error())
			x.cancel()
			return
		}
	}
}

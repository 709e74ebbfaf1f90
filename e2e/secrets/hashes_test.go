package secrets

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"path/filepath"
	"testing"

	"coatcheck/core/session"
	"coatcheck/core/store/bolt"
)

// TestHashesOpenNoDoor: what the data has of tokens and passwords stands in nothing else
// that is written, and whoever presents it, in any spelling, even inside a token that is
// rightly tagged, is nobody.
func TestHashesOpenNoDoor(t *testing.T) {
	h, n := newHouse(t), &tally{}
	all := h.settleIn(n)
	for _, c := range all {
		c.run(500)
	}
	h.operate(all[0].users[0].name)
	h.takeMetrics()
	h.stop()
	hashes, words := h.stored()
	look := &Scanner{}
	for _, hash := range hashes {
		if err := look.Add("a token's hash", string(hash[:])); err != nil {
			t.Fatal(err)
		}
	}
	for _, word := range words {
		if err := look.Add("a password's hash", word); err != nil {
			t.Fatal(err)
		}
	}
	searched := h.written.search(t, look)
	if text := h.copied("the data"); len(look.Find(text)) == 0 {
		t.Error("the data has none of them: what was looked for is not what is kept")
	}
	h.start()
	tried := h.tryHashes(all[0], hashes)
	t.Logf("%d hashes of tokens and %d of passwords are in no other %d MB; %d cookies made of them are refused", len(hashes), len(words), searched>>20, tried)
	if len(hashes) < 50 || len(words) < 20 {
		t.Error("that is not what was to be tried")
	}
}

// stored is what the data has of tokens and passwords.
func (h *house) stored() (hashes []session.Hash, passwords []string) {
	h.t.Helper()
	db, err := bolt.Open(filepath.Join(h.data, "coatcheck.db"), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	accounts, err := db.Accounts().List(h.t.Context(), "", 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, a := range accounts {
		passwords = append(passwords, string(a.Password))
		listing, err := db.Sessions().List(h.t.Context(), session.Range{Partition: session.PartitionOf(a.Subject)})
		if err != nil {
			h.t.Fatal(err)
		}
		for _, r := range listing.Records {
			hashes = append(hashes, r.Secrets.Current)
		}
	}
	return hashes, passwords
}

// tryHashes presents each hash in place of what it is the hash of.
func (h *house) tryHashes(c *client, hashes []session.Hash) (tried int) {
	h.t.Helper()
	genuine := c.owner
	raw := decoded(h.t, genuine)
	if again := h.tagged(raw, raw[secretBegins:secretEnds]); again != genuine {
		h.t.Fatal("the tag is not made as the program makes it")
	}
	if a := c.ask("GET /session", request{method: "GET", path: "/session", cookie: genuine}); a.status != http.StatusOK {
		h.t.Fatalf("the genuine token: %d", a.status)
	}
	for _, hash := range hashes {
		for _, text := range []string{
			hex.EncodeToString(hash[:]), base64.StdEncoding.EncodeToString(hash[:]), base64.RawURLEncoding.EncodeToString(hash[:]),
			h.tagged(raw, hash[:secretEnds-secretBegins]), h.tagged(raw, hash[len(hash)-(secretEnds-secretBegins):]),
		} {
			for _, r := range []request{{cookie: text}, {bearer: text}} {
				tried++
				r.method, r.path = "GET", "/session"
				if a := c.ask("a hash", r); a.status != http.StatusUnauthorized {
					h.t.Errorf("a hash is answered %d", a.status)
				}
			}
		}
	}
	return tried
}

// tagged is a token for the session of another one with this secret, tagged with the
// deployment's own key as docs/design.md, section 3, says.
func (h *house) tagged(token, secret []byte) string {
	raw := append(append([]byte(nil), token[:secretBegins]...), secret...)
	mac := hmac.New(sha256.New, h.key)
	mac.Write(raw)
	return base64.RawURLEncoding.EncodeToString(append(raw, mac.Sum(nil)[:tokenBytes-secretEnds]...))
}

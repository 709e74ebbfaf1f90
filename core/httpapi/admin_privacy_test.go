package httpapi_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/signin"
	"coatcheck/core/store/storetest"
)

// Everything that a record has is in an export but for the secrets' hashes. A field that
// is added to records is missed here.
func TestExportHasEveryField(t *testing.T) {
	s := newTown(t, nil)
	olga, _ := s.enter("olga")
	subject := s.subjects["anne"]
	r := storetest.Record(subject, s.now, storetest.Full, storetest.EndedAt(s.now.Add(time.Minute)))
	if _, err := s.store.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	w := s.admin("GET", "/admin/users/anne/export", "", olga)
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	text := w.Body.String()
	for name, want := range leaves("", reflect.ValueOf(r)) {
		hash := strings.HasPrefix(name, ".Secrets") && strings.HasPrefix(want, "[")
		if found := strings.Contains(text, want); found == hash {
			t.Errorf("%s: %s found %t in %s", name, want, found, text)
		}
	}
	for _, kept := range []string{`"username":"anne"`, subject, `"what":"added"`, `"by":"operator"`, `"status":"ended"`} {
		if !strings.Contains(text, kept) {
			t.Errorf("%s is missing in %s", kept, text)
		}
	}
	for _, secret := range []string{"$" + strings.ReplaceAll(firstPhrase, " ", "_"), firstPhrase, "ecretHash", "assword"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s is in %s", secret, text)
		}
	}
}

// leaves are a value's fields, each as JSON has it.
func leaves(path string, v reflect.Value) map[string]string {
	_, isTime := v.Interface().(time.Time)
	if v.Kind() == reflect.Struct && !isTime {
		all := map[string]string{}
		for i := range v.NumField() {
			for name, text := range leaves(path+"."+v.Type().Field(i).Name, v.Field(i)) {
				all[name] = text
			}
		}
		return all
	}
	raw, _ := json.Marshal(v.Interface())
	return map[string]string{path: string(raw)}
}

// An export comes page by page, the account with the first.
func TestExportPages(t *testing.T) {
	s := newTown(t, nil)
	for range 3 {
		s.enter("anne")
		s.now = s.now.Add(time.Second)
	}
	olga, _ := s.enter("olga")
	seen, accounts := 0, 0
	for cursor := ""; ; {
		body := s.body(s.admin("GET", "/admin/users/anne/export?limit=2&cursor="+cursor, "", olga))
		seen += len(body["sessions"].([]any))
		if body["user"] != nil {
			accounts++
		}
		next, more := body["next"].(string)
		if cursor = next; !more {
			break
		}
	}
	if seen != 3 || accounts != 1 {
		t.Errorf("%d sessions and %d accounts on all pages", seen, accounts)
	}
	s.wantProblem(s.admin("GET", "/admin/users/nobody/export", "", olga), http.StatusNotFound, "not-found", "")
	s.wantProblem(s.admin("GET", "/admin/users/anne/export?cursor=x", "", olga), http.StatusBadRequest, "invalid", "")
}

// Who is erased is gone with all that is kept, at once; nobody else is.
func TestEraseUser(t *testing.T) {
	s := newTown(t, nil)
	anne, id := s.enter("anne")
	s.enter("anne")
	bert, _ := s.enter("bert")
	olga, _ := s.enter("olga")
	subject := s.subjects["anne"]
	w := s.admin("POST", "/admin/users/anne/erase", `{"confirm":"anne"}`, olga)
	want := map[string]any{"subject": subject, "account": true, "sessions": 2.0}
	if w.Code != http.StatusOK || !reflect.DeepEqual(s.body(w), want) {
		t.Fatalf("%d %s, want %v", w.Code, w.Body, want)
	}
	s.wantProblem(s.request("GET", "/session", "", anne), http.StatusUnauthorized, "no-session", "")
	s.wantSession(bert, "")
	s.wantProblem(s.admin("GET", "/admin/sessions/"+id, "", olga), http.StatusNotFound, "not-found", "")
	s.wantProblem(s.admin("GET", "/admin/users/anne", "", olga), http.StatusNotFound, "not-found", "")
	if w := s.request("POST", "/login", `{"username":"anne","password":"`+firstPhrase+`"}`, asJSON); w.Code == http.StatusOK {
		t.Errorf("sign-in: %d", w.Code)
	}
	if got := s.ids("/admin/users/"+subject+"/sessions", olga); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	// By the subject it may be repeated.
	w = s.admin("POST", "/admin/users/"+subject+"/erase", `{"confirm":"`+subject+`"}`, olga)
	if w.Code != http.StatusOK || s.body(w)["account"] != false || s.body(w)["sessions"] != 0.0 {
		t.Errorf("repeated: %d %s", w.Code, w.Body)
	}
}

// A slip erases nobody, and no owner erases himself.
func TestEraseIsRefused(t *testing.T) {
	s := newTown(t, nil)
	anne, _ := s.enter("anne")
	olga, _ := s.enter("olga")
	for body, want := range map[string]string{
		`{}`: "was erased", `{"confirm":"bert"}`: "nothing was erased", `{"confirm":"ANNE"}`: "nothing was erased",
		`{"confirm":"` + s.subjects["anne"] + `"}`: "nothing was erased", `{"confirm":" "}`: "is empty", `{"confirm":true}`: "wrong type", `[]`: "JSON object",
	} {
		w := s.admin("POST", "/admin/users/anne/erase", body, olga)
		if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s, want 400 with %q", body, w.Code, w.Body, want)
		}
	}
	if w := s.admin("POST", "/admin/users/olga/erase", `{"confirm":"olga"}`, olga); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "another owner") {
		t.Errorf("oneself: %d %s", w.Code, w.Body)
	}
	s.wantProblem(s.admin("POST", "/admin/users/nobody/erase", `{"confirm":"nobody"}`, olga), http.StatusNotFound, "not-found", "")
	s.wantSession(anne, "")
	s.wantSession(olga, "")
}

// An erasure that fails half-way says so, the user cannot sign in, and it is repeated.
func TestEraseHalfWay(t *testing.T) {
	s := newTown(t, nil)
	s.enter("anne")
	olga, _ := s.enter("olga")
	s.store.failAt(5) // the look-up, fence and list are through
	w := s.admin("POST", "/admin/users/anne/erase", `{"confirm":"anne"}`, olga)
	s.wantProblem(w, http.StatusServiceUnavailable, "unavailable", "")
	if text := w.Body.String(); !strings.Contains(text, "Try again") || !strings.Contains(text, "The user cannot sign in. ") {
		t.Errorf("%s", text)
	}
	if w := s.request("POST", "/login", `{"username":"anne","password":"`+firstPhrase+`"}`, asJSON); w.Code != http.StatusUnauthorized {
		t.Errorf("half-way: sign-in: %d", w.Code)
	}
	if w := s.admin("POST", "/admin/users/anne/erase", `{"confirm":"anne"}`, olga); w.Code != http.StatusOK || s.body(w)["account"] != true {
		t.Errorf("repeated: %d %s", w.Code, w.Body)
	}
}

// frozen takes no change of an account.
type frozen struct{ signin.Accounts }

func (frozen) Update(context.Context, signin.Account) error { return errDown }

// An erasure that could not even disable the user says nothing of what it did not do.
func TestEraseThatDidNotBegin(t *testing.T) {
	var log strings.Builder
	s := newTown(t, func(o *httpapi.Options) { o.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	olga, _ := s.enter("olga")
	anne, _ := s.enter("anne")
	s.accounts = frozen{s.accounts}
	s.govern(session.Policy{})
	w := s.admin("POST", "/admin/users/anne/erase", `{"confirm":"anne"}`, olga)
	s.wantProblem(w, http.StatusServiceUnavailable, "unavailable", "")
	if text := w.Body.String(); strings.Contains(text, "cannot sign in") || !strings.Contains(text, "Try again") {
		t.Errorf("%s", text)
	}
	if !strings.Contains(log.String(), "request_failed") || strings.Contains(log.String(), "user_erased") {
		t.Errorf("the log has no failure, or an erasure: %s", log.String())
	}
	if w := s.request("GET", "/session", "", anne); w.Code != http.StatusOK {
		t.Errorf("her session: %d", w.Code)
	}
}

// Where the users are the application's own both go by the subject, on sessions alone.
func TestPrivacyWithoutADirectory(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) { o.Directory = nil })
	olga, _ := s.signIn("owner")
	anne, view := s.signIn("anne")
	w := s.request("GET", "/admin/users/sub-anne/export", "", olga)
	if body := s.body(w); w.Code != http.StatusOK || body["user"] != nil || len(body["sessions"].([]any)) != 1 {
		t.Errorf("export: %d %s", w.Code, w.Body)
	}
	w = s.request("POST", "/admin/users/sub-anne/erase", `{"confirm":"sub-anne"}`, olga, asJSON, fromUs)
	if w.Code != http.StatusOK || s.body(w)["sessions"] != 1.0 || s.body(w)["account"] != false {
		t.Errorf("erase: %d %s", w.Code, w.Body)
	}
	s.wantProblem(s.request("GET", "/session", "", anne), http.StatusUnauthorized, "no-session", "")
	id, err := session.ParseID(view["id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.store.Read(t.Context(), session.Query{Sessions: []session.ID{id}}); err != nil || len(got.Records) != 0 {
		t.Errorf("left: %d, %v", len(got.Records), err)
	}
}

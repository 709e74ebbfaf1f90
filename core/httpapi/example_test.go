package httpapi_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"coatcheck/core/httpapi"
	"coatcheck/core/session"
	"coatcheck/core/store/memory"
)

// An application with handlers of its own lets requests through with a session only,
// and finds out whose it is.
func ExampleAPI_RequireSession() {
	keys, err := session.NewKeys(bytes.Repeat([]byte{1}, session.MinKeySize)) // from configuration
	if err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(memory.New(), keys, nil)
	if err != nil {
		log.Fatal(err)
	}
	api, err := httpapi.New(sessions, &httpapi.Options{Origins: []string{"https://app.example.com"}})
	if err != nil {
		log.Fatal(err)
	}
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		is, _ := httpapi.SessionFrom(r.Context())
		fmt.Fprintf(w, "orders of %s", is.Subject)
	})
	app := api.RequireSession(orders, session.Demand{AnyRole: []string{"clerk"}})

	token, _, err := sessions.SignIn(context.Background(), session.SignIn{
		Subject: "usr_1",
		Check: func(context.Context) (session.Grant, error) {
			return session.Grant{Roles: []string{"clerk"}}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, cookie := range []string{"", token.Reveal()} {
		r := httptest.NewRequest(http.MethodGet, "/orders", http.NoBody)
		if cookie != "" {
			r.Header.Set("Cookie", httpapi.CookieName+"="+cookie)
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 401
	// 200
}

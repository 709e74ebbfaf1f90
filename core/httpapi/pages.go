package httpapi

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
)

//go:embed pages/*.html
var pageFiles embed.FS

// pages are parsed at start, each with the layout around it: a fault in one is found
// by any test, not by a visitor.
var pages = template.Must(template.ParseFS(pageFiles, "pages/*.html"))

// wantsPage reports whether the answer is for a person's eyes: a form was sent, or
// the client says that it takes HTML.
func wantsPage(r *http.Request) bool {
	return mediaType(r) == typeForm || strings.Contains(r.Header.Get("Accept"), "text/html")
}

type pageData struct {
	Nonce string
	Data  any
}

// page answers with a page. Rendered whole before anything is sent, so that a fault
// is an error and not half a page.
func (a *API) page(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, pageData{allowStyle(w.Header()), data}); err != nil {
		a.log.ErrorContext(r.Context(), "page", "event", "defect", "page", name, "error", err.Error())
		http.Error(w, "Internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

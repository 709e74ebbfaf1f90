package main

import (
	"os/exec"
	"strings"
	"testing"
)

// What each part may link, transitively: the core knows no cloud, and what a session
// is knows nothing but the standard library.
func TestImportsPointInward(t *testing.T) {
	for _, c := range []struct {
		pkg     string
		allowed []string // beside the standard library and itself
	}{
		{"coatcheck/core/session", nil},
		{"coatcheck/core/settings", []string{"coatcheck/core/session", "coatcheck/core/httpapi/inbound"}},
		{"coatcheck/core/signin", []string{"coatcheck/core/session"}},
		{"coatcheck/core/signin/password", []string{
			"coatcheck/core/session", "coatcheck/core/signin", "golang.org/x/crypto/", "golang.org/x/sys/cpu",
		}},
		{"coatcheck/core/httpapi/inbound", []string{"coatcheck/core/session"}},
		{"coatcheck/core/httpapi", []string{"coatcheck/core/session", "coatcheck/core/signin", "coatcheck/core/httpapi/inbound"}},
		{"coatcheck/core/store/memory", []string{"coatcheck/core/session", "coatcheck/core/signin"}},
		{"coatcheck/core/store/bolt", []string{"coatcheck/core/session", "coatcheck/core/signin", "go.etcd.io/bbolt", "golang.org/x/sys/"}},
	} {
		out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", c.pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, dep := range strings.Fields(string(out)) {
			if dep != c.pkg && !allowedIn(dep, c.allowed) {
				t.Errorf("%s links %s", c.pkg, dep)
			}
		}
	}
}

func allowedIn(dep string, allowed []string) bool {
	for _, prefix := range allowed {
		if dep == prefix || strings.HasPrefix(dep, strings.TrimSuffix(prefix, "/")+"/") && prefix != "coatcheck/core/signin" {
			return true
		}
	}
	return false
}

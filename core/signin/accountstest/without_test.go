package accountstest

import "testing"

func TestWithoutWantsACheckAndAReason(t *testing.T) {
	name := Checks()[0].Name
	for _, c := range []struct {
		name, reason string
		fits         bool
	}{{name, "it cannot", true}, {name, "", false}, {"no such check", "it cannot", false}} {
		without := map[string]string{}
		Without(c.name, c.reason)(without)
		if err := validate(without); (err == nil) != c.fits {
			t.Errorf("%q for %q: got %v", c.name, c.reason, err)
		}
	}
}

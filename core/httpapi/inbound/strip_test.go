package inbound

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// issued takes what begins so for a token of ours.
func issued(text string) bool { return strings.HasPrefix(text, "OURS") }

func TestStripCookies(t *testing.T) {
	for _, c := range []struct {
		name        string
		lines, want []string
	}{
		{"none", nil, nil},
		{"alone", []string{"__Host-sid=T"}, nil},
		{"empty", []string{"__Host-sid="}, nil},
		{"first", []string{"__Host-sid=T; a=b"}, []string{"a=b"}},
		{"last", []string{"a=b; __Host-sid=T"}, []string{"a=b"}},
		{"in between", []string{"a=b; __Host-sid=T; c=d"}, []string{"a=b; c=d"}},
		{"twice", []string{"__Host-sid=T; a=b; __Host-sid=U"}, []string{"a=b"}},
		{"in several lines", []string{"a=b; __Host-sid=T", "__Host-sid=T", "c=d"}, []string{"a=b", "c=d"}},
		{"without a space", []string{"a=b;__Host-sid=T;c=d"}, []string{"a=b;c=d"}},
		{"with tabs and spaces", []string{"a=b;\t __Host-sid=T \t; c=d"}, []string{"a=b; c=d"}},
		{"with a value of signs", []string{`__Host-sid="T=,="; a=b`}, []string{"a=b"}},
		{"others to the byte", []string{` a="b c"; b=%3B;;c = d=e ; f`}, []string{` a="b c"; b=%3B;;c = d=e ; f`}},
		{"others to the byte beside it", []string{`a="b c"; b=%3B;; __Host-sid=T;c = d=e ; f`}, []string{`a="b c"; b=%3B;;c = d=e ; f`}},
		{"other names", []string{"__host-sid=T; __Host-sid2=T; x__Host-sid=T; __Host-sid =T; __Host-sid; =__Host-sid=T"}, []string{"__host-sid=T; __Host-sid2=T; x__Host-sid=T; __Host-sid =T; __Host-sid; =__Host-sid=T"}},
	} {
		h := http.Header{"Cookie": slices.Clone(c.lines), "Accept": {"*/*"}}
		Strip(h, issued)
		if got, there := h["Cookie"]; !slices.Equal(got, c.want) || there != (c.want != nil) || h.Get("Accept") != "*/*" {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestStripAuthorization(t *testing.T) {
	for _, c := range []struct {
		name        string
		lines, want []string
	}{
		{"ours", []string{"Bearer OURS1"}, nil},
		{"ours, in other case", []string{"bearer  OURS1 "}, nil},
		{"ours, after a tab", []string{"Bearer\tOURS1"}, nil},
		{"ours, under another scheme", []string{"Token OURS1"}, nil},
		{"ours, bare", []string{"OURS1"}, nil},
		{"the application's", []string{"Bearer abc.def"}, []string{"Bearer abc.def"}},
		{"the application's, to the byte", []string{" Digest username=\"OURS1\",  uri=x "}, []string{" Digest username=\"OURS1\",  uri=x "}},
		{"basic", []string{"Basic YTpi"}, []string{"Basic YTpi"}},
		{"both", []string{"Basic YTpi", "Bearer OURS1"}, []string{"Basic YTpi"}},
	} {
		h := http.Header{"Authorization": slices.Clone(c.lines)}
		Strip(h, issued)
		if got, there := h["Authorization"]; !slices.Equal(got, c.want) || there != (c.want != nil) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestStripSetCookie(t *testing.T) {
	for _, c := range []struct {
		name, line string
		kept       bool
	}{
		{"sets it", "__Host-sid=evil; Path=/; Secure", false},
		{"clears it", "__Host-sid=; Path=/; Secure; Max-Age=0", false},
		{"no value", "__Host-sid", false},
		{"spaces around the name", " \t__Host-sid \t=evil; Secure", false},
		{"a cookie without a name", "=__Host-sid=evil; Secure", false},
		{"a cookie without a name, spaced", " = __Host-sid=evil; Secure", false},
		{"another case", "__HOST-SID=evil", false},
		{"its own session", "session=abc; Path=/; HttpOnly", true},
		{"a longer name", "__Host-sid2=x; Path=/; Secure", true},
		{"a name that ends so", "x__Host-sid=x", true},
		{"in the value", "a=__Host-sid=x", true},
		{"in an attribute", "a=b; Path=/__Host-sid=x", true},
		{"empty", "", true},
	} {
		h := http.Header{"Set-Cookie": {"first=1", c.line, "last=1"}}
		StripSetCookie(h)
		want := []string{"first=1", c.line, "last=1"}
		if !c.kept {
			want = []string{"first=1", "last=1"}
		}
		if got := h["Set-Cookie"]; !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", c.name, got, want)
		}
	}
}

// Whatever the line: what is left presents no session, and every other cookie is there
// as it was, in its order.
func FuzzStripCookies(f *testing.F) {
	for _, line := range []string{"", "a=b; __Host-sid=T; c=d", "__Host-sid=T;__Host-sid=U", ";;__Host-sid=;", " \t__Host-sid=T ; =x"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		h := http.Header{"Cookie": {line}}
		Strip(h, issued)
		if left := cookies(h); len(left) != 0 {
			t.Errorf("%q still presents a session in %q", line, h["Cookie"])
		}
		if got, want := others(h["Cookie"]), others([]string{line}); !slices.Equal(got, want) {
			t.Errorf("%q became %q: cookies %q, want %q", line, h["Cookie"], got, want)
		}
	})
}

// others are the cookies of lines that are not ours.
func others(lines []string) (all []string) {
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.Trim(pair, " \t")
			if pair != "" && !strings.HasPrefix(pair, CookieName+"=") {
				all = append(all, pair)
			}
		}
	}
	return all
}

package session

import (
	"bytes"
	_ "embed"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

var (
	//go:embed token.go
	tokenSource string
	//go:embed keys.go
	keysSource string
)

func TestZeroSecretMatchesNothing(t *testing.T) {
	if (Hash{}).matches(Hash{}) {
		t.Error("the secret that is not there was presented")
	}
}

// The time that a comparison takes cannot be told from outside, so the source is read:
// what compares a secret or a tag does it by crypto/subtle and by nothing else.
func TestSecretsAreComparedInConstantTime(t *testing.T) {
	for name, source := range map[string]string{"matches": tokenSource, "verify": keysSource} {
		parsed, err := parser.ParseFile(gotoken.NewFileSet(), "", source, 0)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		ast.Inspect(function(parsed, name), func(n ast.Node) bool {
			comparison, ok := n.(*ast.BinaryExpr)
			if !ok || comparison.Op != gotoken.EQL && comparison.Op != gotoken.NEQ {
				return true
			}
			if call, ok := comparison.X.(*ast.CallExpr); !ok || nameOf(call.Fun) != "subtle.ConstantTimeCompare" {
				t.Errorf("%s compares with %s", name, comparison.Op)
			}
			found++
			return true
		})
		if found != 1 {
			t.Errorf("%s: %d comparisons, want 1", name, found)
		}
	}
}

func function(file *ast.File, name string) ast.Node {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == name {
			return f
		}
	}
	return file
}

func nameOf(e ast.Expr) string {
	if s, ok := e.(*ast.SelectorExpr); ok {
		if x, ok := s.X.(*ast.Ident); ok {
			return x.Name + "." + s.Sel.Name
		}
	}
	return ""
}

func TestControlOnlyGrows(t *testing.T) {
	var v atomic.Int64
	for _, to := range []int64{5, 3, 0, 7, 6} {
		grow(&v, to)
	}
	if got := v.Load(); got != 7 {
		t.Errorf("got %d, want 7", got)
	}
}

// The clock of the wall may be set back, the monotonic one may stand still: whichever
// says that what is known is old is believed.
func TestAgeOfTheControl(t *testing.T) {
	c := &control{every: 5 * time.Second}
	read := time.Now()
	c.learn(time.Time{}, read)
	for _, x := range []struct {
		wall, monotonic time.Duration
		want            bool
	}{
		{0, 0, false},
		{4999 * time.Millisecond, 4999 * time.Millisecond, false},
		{5 * time.Second, 5 * time.Second, true},
		{time.Second, 8 * time.Second, true}, // set back by 7 s
		{-time.Second, time.Second, true},    // set back by 2 s
		{8 * time.Second, time.Second, true}, // suspended for 7 s
	} {
		now := read.Add(x.wall)
		// No other way leads to a time whose two readings differ; the second word is the
		// monotonic one.
		(*[3]int64)(unsafe.Pointer(&now))[1] += int64(x.monotonic - x.wall)
		if got := c.due(now); got != x.want {
			t.Errorf("%v later, by the monotonic clock %v: due %t, want %t", x.wall, x.monotonic, got, x.want)
		}
	}
}

// Sessions of one millisecond have an order too, whatever the order in which a store
// tells of them: otherwise two processes would each end the other's.
func TestParallelSignInsAgreeOnTheLimit(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	m := &Manager{policy: Policy{PerUser: 1}.WithDefaults(), now: func() time.Time { return at }}
	records := make([]Record, 2)
	for i := range records {
		r := &records[i]
		r.ID[len(r.ID)-1] = byte(i + 1)
		r.CreatedAt, r.ExpiresAt = at, at.Add(time.Hour)
	}
	for range 2 {
		survives, surplus := m.limit(records, &records[0])
		highest := bytes.Compare(records[0].ID[:], records[1].ID[:]) > 0
		if survives != highest || len(surplus) != 1 || surplus[0].id[len(ID{})-1] != 1 {
			t.Errorf("the session %v survives: %t; over the limit: %v", records[0].ID, survives, surplus)
		}
		records[0], records[1] = records[1], records[0]
	}
}

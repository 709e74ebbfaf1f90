package bench_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// standIn is a DynamoDB that holds one item and answers at once. It is a process of its
// own, this test binary started with standInVariable, so that its work is not counted
// with what is measured.
type standIn struct {
	url string
	pid int
}

// standInVariable holds the item.
const standInVariable = "COATCHECK_BENCH_STANDIN"

func newStandIn(tb testing.TB, v *visitor) *standIn {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = []string{standInVariable + "=" + string(v.item)}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { // it ends with its input
		_ = in.Close()
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatalf("the stand-in says %q, %v", address, err)
	}
	return &standIn{"http://" + strings.TrimSpace(address), cmd.Process.Pid}
}

// tally is how often each operation was asked for, bad requests under "refused", and
// over how many connections.
type tally struct {
	Operations  map[string]int
	Connections int
}

func (s *standIn) tally(tb testing.TB) (t tally) {
	tb.Helper()
	resp, err := http.Get(s.url)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&t); err != nil {
		tb.Fatal(err)
	}
	if n := t.Operations["refused"]; n > 0 {
		tb.Fatalf("the stand-in refused %d requests", n)
	}
	return t
}

func (s *standIn) requests(tb testing.TB) (n int) {
	tb.Helper()
	for _, of := range s.tally(tb).Operations {
		n += of
	}
	return n
}

// key is the primary key of an item, which reads nothing else of it.
type key struct {
	PK struct{ S string } `json:"pk"`
	SK struct{ S string } `json:"sk"`
}

// answerer is the stand-in's side.
type answerer struct {
	key        key
	one, batch []byte // answers with the item

	mu    sync.Mutex
	tally tally
}

// serveStandIn serves the item on a free port, which it prints, until its input ends.
func serveStandIn(item string) error {
	a := &answerer{
		one:   []byte(`{"Item":` + item + `}`),
		batch: []byte(`{"Responses":{"` + tableName + `":[` + item + `]},"UnprocessedKeys":{}}`),
		tally: tally{Operations: map[string]int{}},
	}
	if err := json.Unmarshal([]byte(item), &a.key); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	server := http.Server{Handler: a, ConnState: a.connection, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func (a *answerer) connection(_ net.Conn, s http.ConnState) {
	if s == http.StateNew {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.tally.Connections++
	}
}

// ServeHTTP implements [http.Handler].
func (a *answerer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		a.mu.Lock()
		defer a.mu.Unlock()
		_ = json.NewEncoder(w).Encode(a.tally)
		return
	}
	body, err := io.ReadAll(r.Body)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	answer, ok := a.answer(operation, body)
	status := http.StatusOK
	if err != nil || !ok {
		operation, status = "refused", http.StatusBadRequest
		answer = []byte(`{"__type":"com.amazon.coral.validate#ValidationException"}`)
	}
	a.mu.Lock()
	a.tally.Operations[operation]++
	a.mu.Unlock()
	h := w.Header()
	h.Set("Content-Type", "application/x-amz-json-1.0")
	h.Set("X-Amzn-Requestid", "0F4SCTJ2QFUQ0PD6GPTTP8LGQJVV4KQNSO5AEMVJF66Q9ASUAAJG")
	h.Set("X-Amz-Crc32", strconv.FormatUint(uint64(crc32.ChecksumIEEE(answer)), 10))
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

// answer answers strongly consistent reads of the item and of others, which are not there.
func (a *answerer) answer(operation string, body []byte) (answer []byte, ok bool) {
	type keys struct {
		Keys           []key
		ConsistentRead bool
	}
	var asked struct {
		TableName      string
		Key            key
		ConsistentRead bool
		RequestItems   map[string]keys
	}
	if json.Unmarshal(body, &asked) != nil {
		return nil, false
	}
	switch operation {
	case "GetItem":
		if asked.Key == a.key {
			return a.one, asked.ConsistentRead && asked.TableName == tableName
		}
		return []byte("{}"), asked.ConsistentRead && asked.TableName == tableName
	case "BatchGetItem":
		of := asked.RequestItems[tableName]
		for _, k := range of.Keys {
			if k == a.key {
				return a.batch, of.ConsistentRead
			}
		}
		return []byte(`{"Responses":{},"UnprocessedKeys":{}}`), of.ConsistentRead
	}
	return nil, false
}

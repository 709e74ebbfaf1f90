// Package prometheus_test tries the alert rules and the dashboard of ops in a real
// Prometheus that fetches from the local program: COATCHECK_TEST_PROMETHEUS says where
// prometheus is installed, with promtool beside it. Without that, the tests here are left
// out.
package prometheus_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"coatcheck/e2e/program"
)

const variable = "COATCHECK_TEST_PROMETHEUS"

func TestMain(m *testing.M) {
	os.Exit(program.Main(m, variable, "alert rules and dashboard in Prometheus"))
}

// ops is the folder of what is tested.
const ops = "../../ops"

// prometheus is a running one.
type prometheus struct {
	t   *testing.T
	url string
}

// fetch starts a Prometheus with the configuration that ops has, but each second, and
// from a target of the test's.
func fetch(t *testing.T, target string) *prometheus {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(ops, "prometheus", "prometheus.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Abs(filepath.Join(ops, "prometheus", "rules.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for was, is := range map[string]string{"interval: 15s": "interval: 1s", "rules.yaml": rules, "127.0.0.1:9464\"]": target + "\"]"} {
		if !strings.Contains(text, was) {
			t.Fatalf("prometheus.yaml has no %q", was)
		}
		text = strings.ReplaceAll(text, was, is)
	}
	config := filepath.Join(t.TempDir(), "prometheus.yaml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return launch(t, config)
}

func launch(t *testing.T, config string) *prometheus {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Getenv(variable), "--config.file", config, "--storage.tsdb.path", filepath.Join(program.Folder(t), "data"),
		"--web.listen-address", address, "--log.level", "warn")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	p := &prometheus{t, "http://" + address}
	p.eventually("ready", func() error {
		w, err := http.Get(p.url + "/-/ready")
		if err == nil && w.StatusCode != http.StatusOK {
			err = errors.New(w.Status)
		}
		if w != nil {
			_ = w.Body.Close()
		}
		return err
	})
	return p
}

// eventually waits until something holds.
func (p *prometheus) eventually(what string, holds func() error) {
	p.t.Helper()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	var err error
	for began := time.Now(); time.Since(began) < 60*time.Second; <-tick.C {
		if err = holds(); err == nil {
			return
		}
	}
	p.t.Fatalf("%s: %v", what, err)
}

// sample is one result of a query.
type sample struct {
	Metric map[string]string
	Value  [2]any // time, and the value as text
}

// get asks the API of Prometheus.
func (p *prometheus) get(path string, query url.Values, data any) error {
	w, err := http.Get(p.url + path + "?" + query.Encode())
	if err != nil {
		return err
	}
	defer w.Body.Close()
	raw, err := io.ReadAll(w.Body)
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := errors.Join(err, json.Unmarshal(raw, &answer)); err != nil {
		return err
	}
	if answer.Status != "success" {
		return fmt.Errorf("%s: %s", answer.Status, answer.Error)
	}
	return nil
}

func (p *prometheus) query(expression string) ([]sample, error) {
	var data struct{ Result []sample }
	err := p.get("/api/v1/query", url.Values{"query": {expression}}, &data)
	return data.Result, err
}

// value wants one result and returns its value.
func (p *prometheus) value(expression string) (string, error) {
	got, err := p.query(expression)
	if err == nil && len(got) != 1 {
		err = fmt.Errorf("%s has %d results", expression, len(got))
	}
	if err != nil {
		return "", err
	}
	return fmt.Sprint(got[0].Value[1]), nil
}

// Package lambdatest runs built functions as Lambda does, for tests and benchmarks
// only: it serves the Lambda Runtime API (2018-06-01) on a free loopback port, starts
// a bootstrap file with nothing in its environment but what Lambda sets, hands it
// events one at a time, and takes its answers and errors.
package lambdatest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// ErrExited says that the function's process ended while an answer was awaited.
var ErrExited = errors.New("the function's process ended")

// Function is a running function. It is for use by one goroutine at a time.
type Function struct {
	cmd     *exec.Cmd
	server  *http.Server
	api     *runtimeAPI
	started time.Time
	exited  chan struct{}
	output  *output
	stop    sync.Once
}

// Answer is how one invocation ended.
type Answer struct {
	// Body is what the function answered; nil if it failed.
	Body []byte
	// Failure is the error that the function reported, nil if it answered.
	Failure *Failure
	// Took is the time from handing out the event until the answer came.
	Took time.Duration
}

// Failure is an error as a function reports it to Lambda.
type Failure struct {
	Message string `json:"errorMessage"`
	Type    string `json:"errorType"`
}

// Start runs a bootstrap file. env is "NAME=value", over [Environment]'s. It returns
// as soon as the process runs; see [Function.Ready].
func Start(bootstrap string, env ...string) (*Function, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("lambdatest: %w", err)
	}
	f := &Function{api: newRuntimeAPI(), exited: make(chan struct{}), output: &output{}}
	f.server = &http.Server{Handler: f.api.handler(), ReadHeaderTimeout: time.Minute}
	go func() { _ = f.server.Serve(listener) }()
	f.cmd = exec.Command(bootstrap)
	f.cmd.Env = append(append(Environment(), "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String()), env...)
	f.cmd.Stdout, f.cmd.Stderr = f.output, f.output
	f.started = time.Now()
	if err := f.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("lambdatest: %w", err), f.server.Close())
	}
	go func() {
		_ = f.cmd.Wait() // how it ended is in the process's state
		close(f.exited)
	}()
	return f, nil
}

// PID returns the function's process ID, for measuring it.
func (f *Function) PID() int { return f.cmd.Process.Pid }

// Environment is what Lambda sets, with credentials of the length that Lambda's have:
// they are signed with every call of AWS. The key ID suits DynamoDB Local.
func Environment() []string {
	return []string{
		"AWS_REGION=eu-central-1", "AWS_DEFAULT_REGION=eu-central-1",
		"AWS_ACCESS_KEY_ID=ASIATESTTESTTESTTEST", "AWS_SECRET_ACCESS_KEY=" + strings.Repeat("s", 40),
		"AWS_SESSION_TOKEN=" + strings.Repeat("t", 900),
		"AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023", "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_FUNCTION_NAME=test", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/test", "AWS_LAMBDA_LOG_STREAM_NAME=test",
		"_HANDLER=bootstrap", "LAMBDA_TASK_ROOT=/var/task", "LAMBDA_RUNTIME_DIR=/var/runtime",
		"LANG=en_US.UTF-8", "TZ=:UTC", "PATH=/usr/local/bin:/usr/bin/:/bin:/opt/bin", "LD_LIBRARY_PATH=/lib64:/usr/lib64",
	}
}

// Ready waits until the function asks for its first event and returns how long that
// took from just before the process was started.
func (f *Function) Ready(ctx context.Context) (time.Duration, error) {
	select {
	case <-f.api.ready:
		return f.api.readyAt.Sub(f.started), nil
	case <-f.exited:
		return 0, f.gone()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Invoke hands the function one event and returns how it ended. Its error is
// [ErrExited] or the context's.
func (f *Function) Invoke(ctx context.Context, event []byte) (Answer, error) {
	i := newInvocation(event)
	select {
	case f.api.queue <- i:
	case <-f.exited:
		return Answer{}, f.gone()
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
	select {
	case answer := <-i.answer:
		return answer, nil
	case <-f.exited:
		return Answer{}, f.gone()
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}

// Trace sets the tracing header of the invocations from now on; before, no trace is
// sampled.
func (f *Function) Trace(header string) { f.api.trace.Store(&header) }

// Exited is closed when the process has ended.
func (f *Function) Exited() <-chan struct{} { return f.exited }

// State returns how the process ended; nil while it runs.
func (f *Function) State() *os.ProcessState {
	select {
	case <-f.exited:
		return f.cmd.ProcessState
	default:
		return nil
	}
}

// Output returns what the function wrote to its standard output and error so far.
func (f *Function) Output() string { return f.output.String() }

// Close kills the process, as Lambda does, and returns when it is gone.
func (f *Function) Close() {
	f.stop.Do(func() {
		_ = f.cmd.Process.Kill() // by its own ID; that it has ended already is no fault
		<-f.exited
		_ = f.server.Close()
	})
}

func (f *Function) gone() error {
	return fmt.Errorf("%w: %v: %s", ErrExited, f.cmd.ProcessState, f.Output())
}

func failureOf(body []byte) *Failure {
	failure := &Failure{}
	if json.Unmarshal(body, failure) != nil {
		failure.Message = string(body)
	}
	return failure
}

// output gathers what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

// String returns what was written.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

package template_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"coatcheck/core/session"
	"coatcheck/e2e/template/stack"
)

// What the monitor's policy lets it write is what a sweep writes on DynamoDB, and nothing
// else: ends.
func TestMonitorWritesWhatSweepsWrite(t *testing.T) {
	d := newDesk(t)
	d.signIn()
	if _, err := d.login.EndEveryone(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.after(time.Second)
	step, err := d.manager(&paging{d.mirror}).Sweep(t.Context(), session.ByRule, "")
	if err != nil || step.Ended != 1 || d.ended != 1 {
		t.Fatalf("%d ended, %v; want one", step.Ended, err)
	}
	for _, s := range stack.Read(t, file).Statements("MonitorRole") {
		if slices.Equal(s.Actions, []string{"dynamodb:UpdateItem"}) {
			if got := s.Attributes(); !slices.Equal(got, d.wire.attributes) {
				t.Errorf("it may write\n%q\nand writes\n%q", got, d.wire.attributes)
			}
			return
		}
	}
	t.Error("it may write nothing")
}

// paging is a mirror that has pages, too.
type paging struct{ *mirror }

// Page implements [session.Store].
func (p *paging) Page(ctx context.Context, q session.PageQuery) (session.Page, error) {
	return p.kept.Page(ctx, q)
}

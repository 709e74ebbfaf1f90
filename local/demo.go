package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

// Sizes of the demo.
const (
	demoUser         = "demo"
	demoUsers        = 200
	demoSessionsEach = 5
	demoDays         = 7
)

// seedDemo fills the data with other users' sessions of the last days, each made,
// used and ended by the Manager at its time, and then with a demo user, an owner. It
// does so once; what was interrupted is completed by the next start.
func (p *parts) seedDemo(ctx context.Context, now time.Time) (hint string, err error) {
	const there = "Demo data is there already; the password was shown when it was made."
	if _, err := p.directory.Resolve(ctx, demoUser); err == nil {
		return there, nil
	}
	if err := p.seedUsers(ctx, now); err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	raw := make([]byte, 15)
	_, _ = rand.Read(raw)
	password := base64.RawURLEncoding.EncodeToString(raw)
	_, err = p.directory.Add(ctx, signin.NewUser{
		Name: demoUser, Password: password, Roles: []string{signin.RoleOwner},
	}, string(session.ByOperator))
	if err != nil {
		return "", fmt.Errorf("demo: %w", err)
	}
	return fmt.Sprintf("Demo user: %s  password: %s  (shown once)", demoUser, password), nil
}

// seedUsers makes all users side by side: their writes share the disk's syncs.
func (p *parts) seedUsers(ctx context.Context, now time.Time) error {
	var wg sync.WaitGroup
	faults := make(chan error, demoUsers)
	for i := range demoUsers {
		wg.Go(func() { faults <- p.seedUser(ctx, fmt.Sprintf("%s-%03d", demoUser, i+1), now) })
	}
	wg.Wait()
	close(faults)
	var all error
	for err := range faults {
		all = errors.Join(all, err)
	}
	return all
}

// seedUser makes one user with some sessions, the last of which may still be live.
func (p *parts) seedUser(ctx context.Context, name string, now time.Time) error {
	account, err := p.directory.Add(ctx, signin.NewUser{Name: name}, string(session.ByOperator))
	switch {
	case errors.Is(err, signin.ErrNameTaken):
		return nil // an earlier start came so far
	case err != nil:
		return err
	}
	client := session.Client{Address: demoAddresses[pick(len(demoAddresses))] + fmt.Sprint(1+pick(254))}
	step := demoDays * 24 * time.Hour / demoSessionsEach
	for i := range demoSessionsEach {
		begin := now.Add(-step*time.Duration(demoSessionsEach-i) + between(0, step-8*time.Hour))
		if i == demoSessionsEach-1 && pick(3) > 0 { // most people are at work now
			begin = now.Add(-between(time.Minute, 3*time.Hour))
		}
		client.UserAgent = demoDevices[pick(len(demoDevices))]
		if err := p.seedSession(ctx, account, client, begin, now); err != nil {
			return err
		}
	}
	return nil
}

// seedSession makes one session, uses it for a while, and ends it or leaves it.
func (p *parts) seedSession(ctx context.Context, a signin.Account, c session.Client, begin, now time.Time) error {
	at := begin
	m, err := p.managerAt(func() time.Time { return at })
	if err != nil {
		return err
	}
	token, r, err := m.SignIn(ctx, session.SignIn{
		Subject: a.Subject, Client: c,
		Check: func(context.Context) (session.Grant, error) {
			return session.Grant{Roles: a.Roles, Methods: []string{"pwd"}}, nil
		},
	})
	if err != nil {
		return err
	}
	idle := m.Policy().Idle
	used := between(idle, 12*idle)
	for at = at.Add(between(idle/8, idle)); at.Before(begin.Add(used)) && at.Before(now); at = at.Add(between(idle/8, idle)) {
		if _, err := m.Lookup(ctx, session.Presented{Token: token.Reveal()}); err != nil {
			if errors.Is(err, session.ErrNoSession) {
				return nil // its absolute limit came first
			}
			return err
		}
	}
	if !at.Before(now) {
		return nil
	}
	switch pick(3) {
	case 0:
		_, err = m.End(ctx, r.ID, session.SignedOut, session.BySubject(a.Subject))
	case 1:
		_, err = m.End(ctx, r.ID, session.EndedByAdmin, session.ByOperator)
	}
	return err
}

// managerAt is the program's manager with another clock.
func (p *parts) managerAt(now func() time.Time) (*session.Manager, error) {
	return session.New(p.store.sessions, p.keys, &session.Options{Policy: p.manager.Policy(), Now: now})
}

// pick returns a number below n; the demo needs no secret ones.
func pick(n int) int { return mathrand.IntN(n) } //nolint:gosec // G404: see above

func between(least, most time.Duration) time.Duration {
	return least + time.Duration(mathrand.Int64N(int64(most-least))) //nolint:gosec // G404: see pick
}

// Addresses are from the ranges for documentation (RFC 5737).
var demoAddresses = []string{"192.0.2.", "198.51.100.", "203.0.113."}

var demoDevices = []string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36 Edg/146.0.0.0",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Safari/605.1.15",
	"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Mobile Safari/537.36",
}

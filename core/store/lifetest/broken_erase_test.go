package lifetest_test

import (
	"context"

	"coatcheck/core/session"
	"coatcheck/core/signin"
)

func brokenErasures() []mistake {
	return []mistake{
		{
			what: "a delete is lost", sessions: always(broken{lost: map[string]bool{"delete": true}}),
			caught: []string{"erase-leaves-nothing", "erase-repeated-after-a-fault"},
		},
		{
			what: "fences are lost", sessions: always(broken{lost: map[string]bool{"fence": true}}),
			caught: []string{"erase-races-a-sign-in"},
		},
		{
			what: "a user's list shows what lives", sessions: always(broken{list: func(_ session.Range, got *session.Listing) {
				kept := got.Records[:0]
				for _, r := range got.Records {
					if !r.Ended() {
						kept = append(kept, r)
					}
				}
				got.Records = kept
			}}), caught: []string{"erase-leaves-nothing"},
		},
		{
			what: "the delete of an account is lost", deletes: func(context.Context, signin.Accounts, string) error { return nil },
			caught: []string{"erase-leaves-nothing", "erase-frees-the-name"},
		},
		{
			what: "the delete of one account takes all", deletes: func(ctx context.Context, s signin.Accounts, _ string) error {
				all, err := s.List(ctx, "", 100)
				for _, a := range all {
					a.Disabled = true
					_ = s.Update(ctx, a)
					err = s.Delete(ctx, a.Subject)
				}
				return err
			}, caught: []string{"erase-leaves-others-alone"},
		},
	}
}

package accountstest

import (
	"context"
	"errors"
	"slices"

	"coatcheck/core/signin"
)

func contextChecks() []Check {
	return []Check{{
		"done context", "A call whose context is done returns an error that is no sentinel, and changes nothing.", doneContext,
	}}
}

var sentinels = []error{
	signin.ErrNotFound, signin.ErrNameTaken, signin.ErrSubjectTaken, signin.ErrConflict, signin.ErrDamaged,
}

func doneContext(ctx context.Context, s signin.Accounts) error {
	a := sample("usr_1", "anne")
	if err := create(ctx, s, a); err != nil {
		return err
	}
	done, cancel := context.WithCancel(ctx)
	cancel()
	_, getErr := s.Get(done, a.Subject)
	_, subjectErr := s.Subject(done, a.Name)
	_, listErr := s.List(done, "", 1)
	for call, err := range map[string]error{
		"Get": getErr, "Subject": subjectErr, "List": listErr,
		"Create": s.Create(done, sample("usr_2", "bert")),
		"Update": s.Update(done, largest("usr_1", "anne")),
		"Delete": s.Delete(done, a.Subject), "Delete of nobody": s.Delete(done, "usr_2"),
	} {
		if err == nil || slices.ContainsFunc(sentinels, func(target error) bool { return errors.Is(err, target) }) {
			return mismatch("%s with a done context: error %v, want one that is no sentinel", call, err)
		}
	}
	return errors.Join(kept(ctx, s, a), noAccount(ctx, s, "usr_2"), noName(ctx, s, "bert"))
}

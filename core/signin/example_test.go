package signin_test

import (
	"context"
	"errors"
	"fmt"

	"coatcheck/core/signin"
	"coatcheck/core/signin/password"
	"coatcheck/core/store/memory"
)

func ExampleDirectory() {
	ctx := context.Background()
	hasher, err := password.NewHasher(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	users := signin.NewDirectory(memory.NewAccounts(), hasher, nil)

	anne, err := users.Add(ctx, signin.NewUser{
		Name: "Anne", Roles: []string{signin.RoleOwner}, Password: phrase,
	}, "operator")
	fmt.Println(anne.Name, signin.IsSubject(anne.Subject), anne.Password, err)

	subject, err := users.Resolve(ctx, "anne")
	fmt.Println(subject == anne.Subject, err)

	_, err = users.Add(ctx, signin.NewUser{Name: "ANNE"}, "operator")
	fmt.Println(errors.Is(err, signin.ErrNameTaken), err)

	_, err = users.Add(ctx, signin.NewUser{Name: "bert", Password: "hunter2"}, "operator")
	fmt.Println(err)
	// Output:
	// anne true [redacted password hash] <nil>
	// true <nil>
	// true add user "anne": user name taken
	// add user: invalid: password: too short; use at least 15 characters, for example five or six unrelated words
}

package password_test

import (
	"context"
	"errors"
	"fmt"

	"coatcheck/core/signin"
	"coatcheck/core/signin/password"
	"coatcheck/core/store/memory"
)

const phrase = "plum otter violet kayak"

func ExampleHasher() {
	ctx := context.Background()
	h, err := password.NewHasher(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	hash, err := h.Hash(ctx, phrase)
	fmt.Println(string(hash)[:30], hash, err)

	ok, outdated, err := h.Verify(ctx, hash, phrase)
	fmt.Println(ok, outdated, err)
	ok, _, err = h.Verify(ctx, hash, "plum otter violet canoe")
	fmt.Println(ok, err)
	// Output:
	// $argon2id$v=19$m=19456,t=2,p=1 [redacted password hash] <nil>
	// true false <nil>
	// false <nil>
}

func ExampleAuthenticator() {
	ctx := context.Background()
	h, err := password.NewHasher(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	accounts := memory.NewAccounts()
	anne := signin.NewUser{Name: "anne", Roles: []string{signin.RoleViewer}, Password: phrase}
	if _, err := signin.NewDirectory(accounts, h, nil).Add(ctx, anne, "operator"); err != nil {
		fmt.Println(err)
		return
	}
	auth := password.NewAuthenticator(accounts, h, nil)
	for _, c := range []signin.Credentials{
		{Username: "Anne", Password: phrase},
		{Username: "Anne", Password: phrase + "s"},
		{Username: "Bert", Password: phrase},
	} {
		subject, err := auth.Identify(ctx, c)
		if err != nil {
			fmt.Println(err)
			return
		}
		grant, err := auth.Authenticate(ctx, subject, c)
		fmt.Println(grant.Roles, grant.Methods, errors.Is(err, signin.ErrRefused))
	}
	// Output:
	// [coatcheck:viewer] [pwd] false
	// [] [] true
	// [] [] true
}

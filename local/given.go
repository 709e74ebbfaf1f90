package main

import (
	"errors"
	"strings"

	"github.com/alecthomas/kong"

	"coatcheck/core/httpapi"
)

// given is a text of the command line that selects, or says what for. A blank one is
// wrong usage: it is a variable of a script that was never set, and to leave it out
// would end more than was meant.
type given string

// Decode implements kong.MapperValue.
func (g *given) Decode(ctx *kong.DecodeContext) error {
	var text string
	if err := ctx.Scan.PopValueInto("text", &text); err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return errors.New("is empty: leave it out, or say what is meant")
	}
	*g = given(text)
	return nil
}

// endReason is what an operator may end sessions for; any other is wrong usage, for a
// dry run too.
type endReason string

// Decode implements kong.MapperValue.
func (r *endReason) Decode(ctx *kong.DecodeContext) error {
	var text given
	if err := text.Decode(ctx); err != nil {
		return err
	}
	reason, err := httpapi.OperatorReason(string(text))
	*r = endReason(reason)
	return err
}

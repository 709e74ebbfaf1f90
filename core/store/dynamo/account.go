package dynamo

import (
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/signin"
)

// The attributes of an account beside its keys and those that a session has too.
const (
	attrName     = "name"
	attrPassword = "password"
	attrDisabled = "disabled"
	attrVersion  = "version"
	attrChanges  = "changes"
	attrWrite    = "write" // random, of the latest write

	attrAt   = "at" // of a change
	attrBy   = "by"
	attrWhat = "what"
	attrFrom = "from"
)

// Accounts and user names are items of two kinds, told apart by how their keys begin.
const (
	accountPrefix = "account#"
	namePrefix    = "name#"

	// maxKeyText bounds what may follow: DynamoDB refuses keys of over 2,048 bytes.
	maxKeyText = 1024
)

// accountsKey is the key of an account or a name; false for text that none can have:
// the request would be refused, or its bytes replaced.
func accountsKey(prefix, text string) (item, bool) {
	if len(text) > maxKeyText || !utf8.ValidString(text) {
		return nil, false
	}
	return item{attrPartition: textOf(prefix + text)}, true
}

// encodeAccount returns the item of an account, its keys and index keys included.
func encodeAccount(a *signin.Account, key item) item {
	i := item{
		attrPartition: key[attrPartition], attrListed: textOf(accountsIndex), attrSubject: textOf(a.Subject),
		attrName: textOf(a.Name),
	}
	put(i, attrCreatedAt, timeOrNone(a.CreatedAt))
	for _, c := range changeable(a) {
		put(i, c.name, c.value)
	}
	return i
}

// changeable is what an update may change.
func changeable(a *signin.Account) []attributeOf {
	return []attributeOf{
		{attrRoles, textsOrNone(a.Roles)},
		{attrPassword, orNone(string(a.Password))},
		{attrDisabled, flagOrNone(a.Disabled)},
		{attrVersion, numberOf(int64(a.Version))},
		{attrChanges, changesOrNone(a.Changes)},
	}
}

func changesOrNone(changes []signin.Change) types.AttributeValue {
	if len(changes) == 0 {
		return nil
	}
	values := make([]types.AttributeValue, len(changes))
	for i, c := range changes {
		m := item{attrBy: textOf(c.By), attrWhat: textOf(c.What)}
		put(m, attrAt, timeOrNone(c.At))
		put(m, attrFrom, orNone(c.From))
		values[i] = &types.AttributeValueMemberM{Value: m}
	}
	return &types.AttributeValueMemberL{Value: values}
}

// decodeAccount reads what encodeAccount wrote; whatever else it meets is
// [signin.ErrDamaged].
func decodeAccount(i item) (signin.Account, error) {
	r := reader{item: i}
	r.get(attrListed)
	r.get(attrWrite)
	a := signin.Account{
		Subject: r.text(attrSubject), Name: r.text(attrName), Roles: r.texts(attrRoles),
		Password: signin.PasswordHash(r.text(attrPassword)), Disabled: r.flag(attrDisabled),
		Version: r.count(attrVersion), CreatedAt: r.time(attrCreatedAt), Changes: r.changes(attrChanges),
	}
	if r.text(attrPartition) != accountPrefix+a.Subject {
		r.fail(attrSubject)
	}
	if err := r.err(signin.ErrDamaged); err != nil {
		return signin.Account{}, err
	}
	return a, a.CheckStored(a.Subject)
}

func (r *reader) changes(name string) []signin.Change {
	var out []signin.Change
	for _, v := range r.list(name) {
		m, ok := v.(*types.AttributeValueMemberM)
		if !ok {
			r.fail(name)
			return nil
		}
		c := reader{item: m.Value}
		out = append(out, signin.Change{At: c.time(attrAt), By: c.text(attrBy), What: c.text(attrWhat), From: c.text(attrFrom)})
		if c.err(signin.ErrDamaged) != nil {
			r.fail(name)
		}
	}
	return out
}

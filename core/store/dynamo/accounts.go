package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"coatcheck/core/signin"
)

// Accounts is a table's [signin.Accounts]. Its List may lack the newest accounts; what
// it lists is read consistently.
type Accounts struct{ table table }

var _ signin.Accounts = (*Accounts)(nil)

// NewAccounts returns the accounts of a table that has the shape of [AccountsTable].
// It makes no call.
func NewAccounts(client *dynamodb.Client, name string) *Accounts {
	return &Accounts{table{client, name}}
}

// transactTries is how often a transaction that met another one is repeated.
const transactTries = 5

var errContended = errors.New("TransactWriteItems: transaction conflict")

// Create implements [signin.Accounts]: one TransactWriteItems of the name and the
// account. The client's own repetition of a lost request is the same transaction
// (ClientRequestToken).
func (s *Accounts) Create(ctx context.Context, a signin.Account) error {
	name, nameFits := accountsKey(namePrefix, a.Name)
	account, subjectFits := accountsKey(accountPrefix, a.Subject)
	if !nameFits || !subjectFits {
		return errors.New("create account: name or subject is no text of at most 1024 bytes")
	}
	a.Version = 1
	name[attrSubject] = textOf(a.Subject)
	return s.transact(ctx, signin.ErrNameTaken, signin.ErrSubjectTaken, s.putNew(name), s.putNew(encodeAccount(&a, account)))
}

// transact writes a name and an account, both or neither. Each of the two errors says
// that the condition of one of them did not hold.
func (s *Accounts) transact(ctx context.Context, ofName, ofAccount error, items ...types.TransactWriteItem) error {
	in := &dynamodb.TransactWriteItemsInput{TransactItems: items}
	for range transactTries {
		in.ClientRequestToken = aws.String(rand.Text())
		_, err := s.table.client.TransactWriteItems(ctx, in)
		if err = cancelled(err, ofName, ofAccount); !errors.Is(err, errContended) {
			return err
		}
		if err := wait(ctx); err != nil {
			return err
		}
	}
	return errContended
}

func (s *Accounts) putNew(i item) types.TransactWriteItem {
	return types.TransactWriteItem{Put: &types.Put{
		TableName: &s.table.name, Item: i,
		ConditionExpression: aws.String("attribute_not_exists(" + attrPartition + ")"),
	}}
}

// cancelled says why a transaction of a name and an account was cancelled.
func cancelled(err, ofName, ofAccount error) error {
	var why *types.TransactionCanceledException
	if !errors.As(err, &why) {
		return fault(err)
	}
	code := func(i int) string {
		if i < len(why.CancellationReasons) && why.CancellationReasons[i].Code != nil {
			return *why.CancellationReasons[i].Code
		}
		return ""
	}
	switch {
	case code(0) == "ConditionalCheckFailed":
		return ofName
	case code(1) == "ConditionalCheckFailed":
		return ofAccount
	case code(0) == "TransactionConflict" || code(1) == "TransactionConflict":
		return errContended
	}
	return fault(err)
}

// Subject implements [signin.Accounts]: one GetItem.
func (s *Accounts) Subject(ctx context.Context, name string) (string, error) {
	i, err := s.get(ctx, namePrefix, name)
	if err != nil {
		return "", err
	}
	r := reader{item: i}
	r.get(attrPartition)
	subject := r.text(attrSubject)
	if subject == "" {
		r.fail(attrSubject)
	}
	return subject, r.err(signin.ErrDamaged)
}

// Get implements [signin.Accounts]: one GetItem.
func (s *Accounts) Get(ctx context.Context, subject string) (signin.Account, error) {
	i, err := s.get(ctx, accountPrefix, subject)
	if err != nil {
		return signin.Account{}, err
	}
	return decodeAccount(i)
}

// get returns an item or [signin.ErrNotFound].
func (s *Accounts) get(ctx context.Context, prefix, text string) (item, error) {
	key, fits := accountsKey(prefix, text)
	if !fits {
		return nil, signin.ErrNotFound
	}
	i, err := s.table.get(ctx, key)
	if err == nil && len(i) == 0 {
		err = signin.ErrNotFound
	}
	return i, err
}

// Update implements [signin.Accounts]: one UpdateItem. The client may repeat a request
// whose answer was lost and find its own write: a random value tells it from another's.
func (s *Accounts) Update(ctx context.Context, a signin.Account) error {
	key, fits := accountsKey(accountPrefix, a.Subject)
	if !fits {
		return signin.ErrNotFound
	}
	var e expression
	write := rand.Text()
	e.exists(attrPartition)
	e.when(attrVersion, "=", numberOf(int64(a.Version)))
	a.Version++
	e.setAll(changeable(&a))
	e.set(attrWrite, textOf(write))
	_, err := s.table.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &s.table.name, Key: key,
		UpdateExpression: e.update(), ConditionExpression: e.condition(),
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	there, no := refused(err)
	switch {
	case !no:
		return fault(err)
	case len(there) == 0:
		return signin.ErrNotFound
	case textIn(there, attrWrite) == write:
		return nil
	}
	return signin.ErrConflict
}

// Delete implements [signin.Accounts]: one GetItem for the name, and one
// TransactWriteItems of the name and the account. A name that leads to somebody else is
// not this account's to free: that is [signin.ErrDamaged].
func (s *Accounts) Delete(ctx context.Context, subject string) error {
	is, gone, err := s.deletable(ctx, subject)
	if gone || err != nil {
		return err
	}
	name, _ := accountsKey(namePrefix, is.Name)
	account, _ := accountsKey(accountPrefix, subject)
	var ours, disabled expression
	ours.conditions = []string{"attribute_not_exists(" + ours.name(attrPartition) + ") OR " +
		ours.name(attrSubject) + " = " + ours.value(":"+attrSubject, textOf(subject))}
	disabled.when(attrDisabled, "=", flagOrNone(true))
	err = s.transact(ctx, errOdd, errOdd, s.deleteIf(name, &ours), s.deleteIf(account, &disabled))
	if !errors.Is(err, errOdd) {
		return err
	}
	// Another call may have deleted or enabled it meanwhile.
	if _, gone, err := s.deletable(ctx, subject); gone || err != nil {
		return err
	}
	return fmt.Errorf("%w: its name leads elsewhere", signin.ErrDamaged)
}

// errOdd says that one of a name and an account was not as it was read.
var errOdd = errors.New("TransactWriteItems: a condition did not hold")

// deletable returns an account that may be deleted, gone where there is none any more, and
// [signin.ErrConflict] for one that is not disabled.
func (s *Accounts) deletable(ctx context.Context, subject string) (is signin.Account, gone bool, err error) {
	is, err = s.Get(ctx, subject)
	switch {
	case errors.Is(err, signin.ErrNotFound):
		return is, true, nil
	case err == nil && !is.Disabled:
		return is, false, signin.ErrConflict
	}
	return is, false, err
}

func (s *Accounts) deleteIf(key item, e *expression) types.TransactWriteItem {
	return types.TransactWriteItem{Delete: &types.Delete{
		TableName: &s.table.name, Key: key, ConditionExpression: e.condition(),
		ExpressionAttributeNames: e.names, ExpressionAttributeValues: e.values,
	}}
}

// List implements [signin.Accounts]: a Query of the index for the keys, BatchGetItem
// for the accounts, as often as it takes to find so many. It may lack the newest.
func (s *Accounts) List(ctx context.Context, after string, limit int) ([]signin.Account, error) {
	q := s.listQuery(after)
	var all []signin.Account
	for {
		q.Limit = int32Of(limit - len(all))
		page, err := s.table.client.Query(ctx, q)
		if err != nil {
			return nil, fault(err)
		}
		found, err := s.accounts(ctx, page.Items)
		if err != nil {
			return nil, err
		}
		if all = append(all, found...); len(all) >= limit || len(page.LastEvaluatedKey) == 0 {
			return all, nil
		}
		q.ExclusiveStartKey = page.LastEvaluatedKey
	}
}

func int32Of(n int) *int32 {
	n32 := int32(max(1, min(n, 1000)))
	return &n32
}

func (s *Accounts) listQuery(after string) *dynamodb.QueryInput {
	q := &dynamodb.QueryInput{
		TableName: &s.table.name, IndexName: aws.String(accountsIndex),
		KeyConditionExpression:    aws.String("listed = :listed"),
		ExpressionAttributeValues: item{":listed": textOf(accountsIndex)},
	}
	if after != "" { // an index key is never empty, and no key is compared with ""
		q.KeyConditionExpression = aws.String("listed = :listed AND subject > :after")
		q.ExpressionAttributeValues[":after"] = textOf(after)
	}
	return q
}

// accounts reads the accounts of index entries, in their order. One that is gone is
// left out.
func (s *Accounts) accounts(ctx context.Context, entries []item) ([]signin.Account, error) {
	keys := make([]item, len(entries))
	for i, e := range entries {
		keys[i] = item{attrPartition: e[attrPartition]}
	}
	items, err := s.table.getAll(ctx, keys)
	if err != nil {
		return nil, err
	}
	found := make(map[string]signin.Account, len(items))
	for _, i := range items {
		a, err := decodeAccount(i)
		if err != nil {
			return nil, fmt.Errorf("list, %.140q: %w", textIn(i, attrPartition), err)
		}
		found[a.Subject] = a
	}
	var out []signin.Account
	for _, e := range entries {
		if a, ok := found[textIn(e, attrSubject)]; ok {
			out = append(out, a)
		}
	}
	return out, nil
}

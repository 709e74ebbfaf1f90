package stack

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Use is what a request to DynamoDB needs leave for: one action on a table or an index.
type Use struct {
	Action     string // such as "dynamodb:GetItem"
	Table      string // by its name
	Index      string // "" for the table itself
	Attributes []string
}

// String is the action, the table and the index.
func (u Use) String() string {
	return strings.TrimSuffix(fmt.Sprintf("%s on %s/index/%s", u.Action, u.Table, u.Index), "/index/")
}

// body is what is read of any request.
type body struct {
	TableName                 string
	IndexName                 string
	Key, Item                 map[string]any
	ExpressionAttributeNames  map[string]string
	KeyConditionExpression    string
	UpdateExpression          string
	ConditionExpression       string
	FilterExpression          string
	ProjectionExpression      string
	RequestItems              map[string]struct{ Keys []map[string]any }
	TransactItems             []map[string]body
	AttributesToGet, Expected any // of the time before expressions
}

// Uses returns what a request needs leave for: its operation by the X-Amz-Target header
// and its body. The attributes are those that it names, as DynamoDB counts them for
// dynamodb:Attributes: keys, items, expressions and conditions (Amazon DynamoDB
// Developer Guide, "Using IAM policy conditions for fine-grained access control").
func Uses(operation string, raw []byte) ([]Use, error) {
	var b body
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, err
	}
	switch operation {
	case "TransactWriteItems", "TransactGetItems":
		return usesOfAll(b.TransactItems)
	case "BatchGetItem":
		var all []Use
		for table, items := range b.RequestItems {
			one := body{TableName: table, Key: map[string]any{}}
			for _, key := range items.Keys {
				maps.Copy(one.Key, key)
			}
			use, err := one.use(operation)
			if err != nil {
				return nil, err
			}
			all = append(all, use)
		}
		return all, nil
	}
	use, err := b.use(operation)
	return []Use{use}, err
}

// usesOfAll: a transaction needs leave for each of its parts.
func usesOfAll(items []map[string]body) (all []Use, err error) {
	actions := map[string]string{
		"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "Get": "GetItem", "ConditionCheck": "ConditionCheckItem",
	}
	for _, item := range items {
		for kind, part := range item {
			use, err := part.use(actions[kind])
			if err != nil {
				return nil, err
			}
			all = append(all, use)
		}
	}
	return all, nil
}

var (
	word   = regexp.MustCompile(`[#:]?[A-Za-z_][A-Za-z0-9_]*`)
	syntax = strings.Fields("SET REMOVE ADD DELETE AND OR NOT BETWEEN IN attribute_exists attribute_not_exists attribute_type " +
		"begins_with contains size if_not_exists list_append")
)

func (b body) use(operation string) (Use, error) {
	if b.TableName == "" || operation == "" || b.AttributesToGet != nil || b.Expected != nil {
		return Use{}, fmt.Errorf("%s of table %q: not a request that is understood", operation, b.TableName)
	}
	names := append(slices.Collect(maps.Keys(b.Key)), slices.Collect(maps.Keys(b.Item))...)
	for _, text := range []string{
		b.KeyConditionExpression, b.UpdateExpression, b.ConditionExpression, b.FilterExpression, b.ProjectionExpression,
	} {
		for _, name := range word.FindAllString(text, -1) {
			if name[0] == '#' {
				name = b.ExpressionAttributeNames[name]
			}
			if name == "" {
				return Use{}, fmt.Errorf("%s: %q names what it does not define", operation, text)
			}
			if name[0] != ':' && !slices.Contains(syntax, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return Use{"dynamodb:" + operation, b.TableName, b.IndexName, slices.Compact(names)}, nil
}

// Resource returns what is used as policies name it; tables are the tables' resources
// by their names.
func (u Use) Resource(tables map[string]string) string {
	if u.Index != "" {
		return "${" + tables[u.Table] + ".Arn}/index/" + u.Index
	}
	return tables[u.Table] + ".Arn"
}

// Allows reports whether a role may do it. A condition that is not understood allows
// nothing.
func (t *Template) Allows(role string, u Use, tables map[string]string) bool {
	resource := u.Resource(tables)
	return slices.ContainsFunc(t.Statements(role), func(s Statement) bool {
		return s.Effect == "Allow" && slices.Contains(s.Actions, u.Action) && slices.Contains(s.Resources, resource) && s.holds(u)
	})
}

// Attributes returns the attributes to which a statement is limited, sorted; nil where
// it is not.
func (s Statement) Attributes() []string {
	names := textsAt(s.Condition, "ForAllValues:StringEquals", "dynamodb:Attributes")
	slices.Sort(names)
	return names
}

// holds evaluates a statement's condition.
func (s Statement) holds(u Use) bool {
	allowed := s.Attributes()
	if len(s.Condition) == 0 {
		return true
	}
	if allowed == nil || len(s.Condition) > 1 || len(mapAt(s.Condition, "ForAllValues:StringEquals")) > 1 {
		return false
	}
	return !slices.ContainsFunc(u.Attributes, func(name string) bool { return !slices.Contains(allowed, name) })
}

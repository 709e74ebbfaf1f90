package dynamo

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// expression builds the expressions of one update. Every attribute goes by a
// placeholder: some names of ours are reserved words.
type expression struct {
	sets, removes, conditions []string
	names                     map[string]string
	values                    item
}

// set gives an attribute a value, or removes it where there is none.
func (e *expression) set(name string, v types.AttributeValue) {
	if v == nil {
		e.removes = append(e.removes, e.name(name))
		return
	}
	e.sets = append(e.sets, e.name(name)+" = "+e.value(":"+name, v))
}

func (e *expression) setAll(attributes []attributeOf) {
	for _, a := range attributes {
		e.set(a.name, a.value)
	}
}

// when is a condition that compares an attribute.
func (e *expression) when(name, operator string, v types.AttributeValue) {
	e.conditions = append(e.conditions, e.name(name)+" "+operator+" "+e.value(":if_"+name, v))
}

// is is the condition that an attribute has a value, or, where that is none, that
// there is no such attribute.
func (e *expression) is(name string, v types.AttributeValue) {
	if v == nil {
		e.absent(name)
		return
	}
	e.when(name, "=", v)
}

func (e *expression) exists(name string) {
	e.conditions = append(e.conditions, "attribute_exists("+e.name(name)+")")
}

func (e *expression) absent(name string) {
	e.conditions = append(e.conditions, "attribute_not_exists("+e.name(name)+")")
}

// notEnded is the condition that a session has not ended. For an end, a time that is
// none does not count as one.
func (e *expression) notEnded(odd bool) {
	if !odd {
		e.absent(attrEndedAt)
		return
	}
	e.conditions = append(e.conditions, "(attribute_not_exists("+e.name(attrEndedAt)+") OR NOT "+e.hasEnd()+")")
}

// ended is the condition that a session has ended, whatever else is stored of it.
func (e *expression) ended() { e.conditions = append(e.conditions, e.hasEnd()) }

func (e *expression) hasEnd() string {
	return "attribute_type(" + e.name(attrEndedAt) + ", " + e.value(":number", textOf("N")) + ")"
}

func (e *expression) name(name string) string {
	if e.names == nil {
		e.names = map[string]string{}
	}
	e.names["#"+name] = name
	return "#" + name
}

func (e *expression) value(placeholder string, v types.AttributeValue) string {
	if e.values == nil {
		e.values = item{}
	}
	e.values[placeholder] = v
	return placeholder
}

// update is the update expression, nil if nothing changes.
func (e *expression) update() *string {
	var parts []string
	if len(e.sets) > 0 {
		parts = append(parts, "SET "+strings.Join(e.sets, ", "))
	}
	if len(e.removes) > 0 {
		parts = append(parts, "REMOVE "+strings.Join(e.removes, ", "))
	}
	if len(parts) == 0 {
		return nil
	}
	return aws.String(strings.Join(parts, " "))
}

// condition is the condition expression: all of them.
func (e *expression) condition() *string { return aws.String(strings.Join(e.conditions, " AND ")) }

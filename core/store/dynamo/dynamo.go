// Package dynamo keeps sessions and accounts in two DynamoDB tables.
//
// Every read that decides anything is strongly consistent, and every write of a
// session is one conditional write of one item, so the sessions' table needs neither
// transactions nor, for any answer, its TTL. What an operation costs stands in
// docs/design.md, section 5; tests measure it.
//
// Only [Sessions.Page], [Sessions.Count] and [Accounts.List] lag: they read an index,
// which follows the table within about a second, and DynamoDB promises no bound.
package dynamo

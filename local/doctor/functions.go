package doctor

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"

	"coatcheck/core/session"
	"coatcheck/core/settings"
)

// function is one of the stack's, as it is configured.
type function struct {
	id       string // logical
	arn      string // without a version
	err      error  // why the rest is not known
	role     string // its ARN
	runtime  string
	modified time.Time

	settings map[string]string // its environment, tag keys left out
	keys     keyPrint
}

// keyPrint tells lists of tag keys apart without being one.
type keyPrint struct {
	given, valid bool
	hash         [sha256.Size]byte
}

var keysVariable = settings.Variable("tag-keys")

// readFunctions reads the functions of the stack that are Coatcheck's: those of the
// template, and all others that are given tag keys.
func (e *examination) readFunctions(ctx context.Context) {
	e.functions = map[string]function{}
	for id, r := range e.stack.resources {
		if r.kind != typeFunction {
			continue
		}
		f := e.readFunction(ctx, id, r.id)
		if f.keys.given || e.physical(id) != "" {
			e.functions[id] = f
		}
	}
}

func (e *examination) readFunction(ctx context.Context, id, name string) function {
	f := function{id: id, arn: e.stack.place.arn("lambda", "function:"+name)}
	out, err := e.getFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
	if err != nil {
		f.err = asked("lambda:GetFunctionConfiguration", err)
		return f
	}
	if f.role, f.runtime = aws.ToString(out.Role), string(out.Runtime); out.PackageType == types.PackageTypeImage {
		f.runtime = "an image"
	}
	f.modified, _ = time.Parse("2006-01-02T15:04:05.999-0700", aws.ToString(out.LastModified)) // zero: not known
	if out.Environment == nil {
		return f
	}
	if fault := out.Environment.Error; fault != nil { // its key may not be used, mostly
		f.err = asked("kms:Decrypt", &smithy.GenericAPIError{Code: aws.ToString(fault.ErrorCode)})
		return f
	}
	f.settings = maps.Clone(out.Environment.Variables)
	f.keys = printOf(f.settings[keysVariable])
	delete(f.settings, keysVariable)
	return f
}

// printOf reads a list of tag keys as the functions do.
func printOf(list string) keyPrint {
	if list == "" {
		return keyPrint{}
	}
	_, err := session.ParseKeys(list)
	var parts []string
	for part := range strings.SplitSeq(strings.ToLower(list), ",") {
		parts = append(parts, strings.TrimSpace(part))
	}
	return keyPrint{true, err == nil, sha256.Sum256([]byte(strings.Join(parts, ",")))}
}

// sorted are the functions by logical ID.
func (e *examination) sorted() []function {
	var all []function
	for _, id := range slices.Sorted(maps.Keys(e.functions)) {
		all = append(all, e.functions[id])
	}
	return all
}

// examineFunctions judges each function, and whether they agree.
func (e *examination) examineFunctions(ctx context.Context) []Finding {
	var all []Finding
	var readable []function
	for _, f := range e.sorted() {
		if f.err != nil {
			all = append(all, check{"function", f.id}.unanswered(f.err))
			continue
		}
		readable = append(readable, f)
		all = append(all, judgeRuntime(f), e.examineRole(ctx, f))
	}
	all = append(all, judgeKeys(readable)...)
	all = append(all, e.judgeSettings(readable)...)
	if name := e.physical(authorize); name != "" {
		all = append(all, e.examineConcurrency(ctx, name))
	}
	return all
}

// judgeRuntime: the functions are built for provided.al2023, which AWS supports until
// the middle of 2029.
func judgeRuntime(f function) Finding {
	is := check{"runtime", f.id}
	switch f.runtime {
	case "provided.al2023":
		return is.ok("provided.al2023")
	case "provided", "provided.al2", "go1.x":
		return is.fail("deploy with Runtime: provided.al2023", "%s, which AWS has ended", f.runtime)
	}
	return is.warn("deploy with Runtime: provided.al2023, which the functions are built for", "%q", f.runtime)
}

// examineConcurrency reports what is reserved for the authorizer. Nothing says what
// would be right.
func (e *examination) examineConcurrency(ctx context.Context, name string) Finding {
	is := check{"concurrency", authorize}
	out, err := e.getFunctionConcurrency(ctx, &lambda.GetFunctionConcurrencyInput{FunctionName: &name})
	switch {
	case err != nil:
		return is.unanswered(asked("lambda:GetFunctionConcurrency", err))
	case out.ReservedConcurrentExecutions == nil:
		return is.ok("none reserved: it shares the account's with all other functions")
	case *out.ReservedConcurrentExecutions <= 0:
		return is.fail("reserve more or nothing", "0 reserved: every call of every API that uses it is refused")
	}
	return is.ok("%d reserved", *out.ReservedConcurrentExecutions)
}

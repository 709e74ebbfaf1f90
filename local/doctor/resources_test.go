package doctor

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestTables(t *testing.T) {
	describe := "dynamodb.DescribeTable." + sessionsName
	run(t, []findingCase{
		{"no TTL", func(f *fakeAWS) {
			f.edit("dynamodb.DescribeTimeToLive."+sessionsName, `"AttributeName": "purgeAt",`, "")
			f.edit("dynamodb.DescribeTimeToLive."+sessionsName, `"ENABLED"`, `"DISABLED"`)
		}, []string{"FAIL table-ttl " + sessionsName + ": TTL is DISABLED"}},
		{
			"TTL by another attribute", func(f *fakeAWS) { f.edit("dynamodb.DescribeTimeToLive."+accountsName, "purgeAt", "expiresAt") },
			[]string{`FAIL table-ttl ` + accountsName + `: TTL is on another attribute, "expiresAt"`},
		},
		{
			"TTL soon", func(f *fakeAWS) { f.edit("dynamodb.DescribeTimeToLive."+accountsName, "ENABLED", "ENABLING") },
			[]string{"warn table-ttl " + accountsName + ": TTL on purgeAt is being turned on"},
		},
		{"no PITR", func(f *fakeAWS) {
			f.edit("dynamodb.DescribeContinuousBackups."+accountsName, `"PointInTimeRecoveryStatus": "ENABLED"`, `"PointInTimeRecoveryStatus": "DISABLED"`)
		}, []string{"FAIL table-backups " + accountsName + ": no point-in-time recovery: what is lost stays lost"}},
		{
			"no deletion protection", func(f *fakeAWS) { f.drop(describe, "DeletionProtectionEnabled") },
			[]string{"FAIL table-protection " + sessionsName + ": it can be deleted by one call"},
		},
		{
			"provisioned", func(f *fakeAWS) { f.edit(describe, "PAY_PER_REQUEST", "PROVISIONED") },
			[]string{"FAIL table-billing " + sessionsName + ": provisioned throughput: past it, look-ups are answered 503"},
		},
		{
			"index being made", func(f *fakeAWS) { f.edit(describe, `"IndexStatus": "ACTIVE"`, `"IndexStatus": "CREATING"`) },
			[]string{"FAIL table-index " + sessionsName + "/status: status CREATING"},
		},
		{
			"no index", func(f *fakeAWS) { f.edit(describe, `"IndexName": "status"`, `"IndexName": "other"`) },
			[]string{"FAIL table-index " + sessionsName + "/status: there is no such index: lists across users fail"},
		},
		{
			"index of another key", func(f *fakeAWS) { f.edit(describe, `"AttributeName": "statusShard"`, `"AttributeName": "status"`) },
			[]string{"FAIL table-index " + sessionsName + "/status: its key is [status statusAt], not [statusShard statusAt]"},
		},
		{
			"another key", func(f *fakeAWS) { f.edit(describe, `"AttributeName": "sk"`, `"AttributeName": "sort"`) },
			[]string{"FAIL table " + sessionsName + ": its key is [pk sort], not [pk sk]"},
		},
		{
			"being deleted", func(f *fakeAWS) { f.edit(describe, `"TableStatus": "ACTIVE"`, `"TableStatus": "DELETING"`) },
			[]string{"FAIL table " + sessionsName + ": status DELETING"},
		},
	})
}

func TestRoles(t *testing.T) {
	failed := func(what string) []string {
		return []string{"FAIL role Authorize: policy authorize: " + what}
	}
	put := func(to string) func(*fakeAWS) {
		return func(f *fakeAWS) { f.edit(rolePolicy1, "dynamodb%3AUpdateItem", to) }
	}
	const table = "arn%3Aaws%3Adynamodb%3Aeu-central-1%3A123456789012%3Atable%2F" + sessionsName
	run(t, []findingCase{
		{"every action of DynamoDB", put("dynamodb%3A%2A"), failed("dynamodb:*")},
		{"every action", put("%2A"), failed("*")},
		{"Scan", put("dynamodb%3AScan"), failed("dynamodb:Scan")},
		{"Query in small letters", put("DYNAMODB%3Aquery"), failed("DYNAMODB:query")},
		{"Put and Delete", put("dynamodb%3APutItem%22%2C%22dynamodb%3ADeleteItem"), failed("dynamodb:PutItem, policy authorize: dynamodb:DeleteItem")},
		{
			"every table", func(f *fakeAWS) { f.edit(rolePolicy1, table, "%2A") },
			failed("dynamodb:GetItem, dynamodb:BatchGetItem, dynamodb:UpdateItem on *"),
		},
		{
			"the table of accounts", func(f *fakeAWS) { f.edit(rolePolicy1, sessionsName, accountsName) },
			failed("dynamodb:GetItem, dynamodb:BatchGetItem, dynamodb:UpdateItem on arn:aws:dynamodb:eu-central-1:123456789012:table/" + accountsName + ", which is not the sessions' table"),
		},
		{
			"every log group", func(f *fakeAWS) { f.edit(rolePolicy1, "coatcheck-AuthorizeLog-dd44ee55ff66", "%2A") },
			failed("logs:CreateLogStream, logs:PutLogEvents on arn:aws:logs:eu-central-1:123456789012:log-group:*:*"),
		},
		{
			"all but what it names", func(f *fakeAWS) { f.edit(rolePolicy1, "%22Action%22%3A%5B%22logs", "%22NotAction%22%3A%5B%22logs") },
			failed("allows all but what it names"),
		},
		{"Delete, which only admin may", func(f *fakeAWS) {
			f.edit("iam.GetRolePolicy.coatcheck-LoginRole", "dynamodb%3APutItem%22", "dynamodb%3ADeleteItem%22")
		}, []string{"FAIL role Login: policy login: dynamodb:DeleteItem"}},
		{"a denial is no fault", func(f *fakeAWS) {
			f.edit(rolePolicy1, "%22Statement%22%3A%5B", "%22Statement%22%3A%5B%7B%22Effect%22%3A%22Deny%22%2C%22Action%22%3A%22%2A%22%2C%22Resource%22%3A%22%2A%22%7D%2C")
		}, nil},
		{"a star that is attached", func(f *fakeAWS) {
			f.edit("iam.GetPolicyVersion.AWSXRayDaemonWriteAccess", "xray%3APutTraceSegments", "logs%3ACreateLogGroup")
		}, []string{"FAIL role Authorize: policy AWSXRayDaemonWriteAccess: logs:CreateLogGroup, xray:PutTelemetryRecords, xray:GetSamplingRules, xray:GetSamplingTargets, xray:GetSamplingStatisticSummaries on *"}},
		{"a star on a page that comes second", func(f *fakeAWS) {
			name := f.match("iam.ListRolePolicies.coatcheck-AdminRole")
			second := f.answers[name]
			second.body = strings.ReplaceAll(second.body, "<member>admin<", "<member>more<")
			f.answers[name+"@AAA"] = second
			f.edit(name, "<IsTruncated>false</IsTruncated>", "<IsTruncated>true</IsTruncated><Marker>AAA</Marker>")
			more := f.answers[f.match("iam.GetRolePolicy.coatcheck-AdminRole")]
			more.body = strings.ReplaceAll(more.body, "dynamodb%3AGetItem", "dynamodb%3A%2A")
			f.answers["iam.GetRolePolicy.coatcheck-AdminRole-3NO4P5Q6R7S8.more"] = more
		}, []string{"FAIL role Admin: policy more: dynamodb:*"}},
		{
			"Scan in another function's role", func(f *fakeAWS) {
				f.edit("iam.GetRolePolicy.coatcheck-LoginRole", "dynamodb%3AQuery", "dynamodb%3AScan")
			},
			[]string{"FAIL role Login: policy login: dynamodb:Scan"},
		},
		{
			"no role at all", func(f *fakeAWS) { f.edit(functionUnder+"Login", ":role/", ":user/") },
			[]string{"unknown role Login: lambda:GetFunctionConfiguration: the answer is not understood"},
		},
	})
}

func TestFunctions(t *testing.T) {
	const key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	const other = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
	run(t, []findingCase{
		{
			"a runtime that has ended", func(f *fakeAWS) { f.edit(functionUnder+"Login", "provided.al2023", "provided.al2") },
			[]string{"FAIL runtime Login: provided.al2, which AWS has ended"},
		},
		{
			"a runtime of tomorrow", func(f *fakeAWS) { f.edit(functionUnder+"Login", "provided.al2023", "provided.al2029") },
			[]string{`warn runtime Login: "provided.al2029"`},
		},
		{
			"other keys", func(f *fakeAWS) { f.edit(functionUnder+"Authorize", key, other) },
			[]string{"FAIL tag-keys Authorize: other keys than Admin has: what one hands out the other refuses"},
		},
		{
			"one key more", func(f *fakeAWS) { f.edit(functionUnder+"Login", key, key+","+other) },
			[]string{"FAIL tag-keys Login: other keys than Admin has: what one hands out the other refuses"},
		},
		{"the same keys, written otherwise", func(f *fakeAWS) { f.edit(functionUnder+"Login", key, " "+strings.ToUpper(key)) }, nil},
		{
			"no keys", func(f *fakeAWS) { f.drop(functionUnder+"Login", "COATCHECK_TAG_KEYS") },
			[]string{"FAIL tag-keys Login: COATCHECK_TAG_KEYS is not set"},
		},
		{
			"keys that are none", func(f *fakeAWS) { f.edit(functionUnder+"Login", key, "00112233445566 secret") },
			[]string{"FAIL tag-keys Login: COATCHECK_TAG_KEYS is no list of keys"},
		},
		{
			"another policy", func(f *fakeAWS) { f.edit(functionUnder+"Login", `"COATCHECK_IDLE": ""`, `"COATCHECK_IDLE": "30m"`) },
			[]string{"FAIL settings Login: another policy than Admin has: Idle 15m0s there, 30m0s here, TouchEvery 1m30s there, 3m0s here"},
		},
		{"the default, said so", func(f *fakeAWS) { f.edit(functionUnder+"Login", `"COATCHECK_IDLE": ""`, `"COATCHECK_IDLE": "15m"`) }, nil},
		{"a policy that is none", func(f *fakeAWS) {
			f.edit(functionUnder+"Login", `"COATCHECK_IDLE": ""`, `"COATCHECK_IDLE": "soon"`)
			f.edit(functionUnder+"Login", `"COATCHECK_ABSOLUTE": ""`, `"COATCHECK_ABSOLUTE": "late"`)
		}, []string{`FAIL settings Login: COATCHECK_IDLE is "soon": want a duration such as 90s, 15m or 8h; COATCHECK_ABSOLUTE is "late": want a duration such as 90s, 15m or 8h`}},
		{
			"another table", func(f *fakeAWS) {
				f.edit(functionUnder+"Login", `_SESSIONS_TABLE": "coatcheck-`, `_SESSIONS_TABLE": "old-`)
			},
			[]string{`FAIL settings Login: its table is "old-SessionsTable-1QW2ER3TY4U5I", the stack's is "` + sessionsName + `"`},
		},
		{"an environment that may not be read", func(f *fakeAWS) {
			f.edit(functionUnder+"Login", `"Environment": {`, `"Environment": {"Error": {"ErrorCode": "AccessDeniedException", "Message": "`+secretMessage+`"},`)
		}, []string{"unknown function Login: kms:Decrypt: access denied"}},
		{"none reserved", func(f *fakeAWS) { f.drop("lambda.GetFunctionConcurrency", "ReservedConcurrentExecutions") }, nil},
		{
			"shut off", func(f *fakeAWS) { f.edit("lambda.GetFunctionConcurrency", "200", "0") },
			[]string{"FAIL concurrency Authorize: 0 reserved: every call of every API that uses it is refused"},
		},
	})
}

func TestSecret(t *testing.T) {
	const secret = "secretsmanager.DescribeSecret"
	run(t, []findingCase{
		{
			"old keys", func(f *fakeAWS) { f.edit(secret, `"LastChangedDate": 1790845265.5`, `"LastChangedDate": 1761955200`) },
			[]string{"warn key-age TagKeys: changed 386 days ago, 2025-11-01"},
		},
		{"changed after the functions", func(f *fakeAWS) { f.edit(secret, `"LastChangedDate": 1790845265.5`, `"LastChangedDate": 1795305600`) }, []string{
			"warn key-deployed Admin: changed 2026-11-20T08:31:07Z, before its secret was: it may have the keys of before",
			"warn key-deployed Authorize: changed 2026-11-20T08:31:07Z, before its secret was: it may have the keys of before",
			"warn key-deployed Login: changed 2026-11-20T08:31:07Z, before its secret was: it may have the keys of before",
		}},
		{"never changed", func(f *fakeAWS) { f.drop(secret, "LastChangedDate") }, nil},
		{
			"without dates", func(f *fakeAWS) { f.drop(secret, "LastChangedDate"); f.drop(secret, "CreatedDate") },
			[]string{"unknown key-age TagKeys: secretsmanager:DescribeSecret: the answer is not understood"},
		},
		{
			"being deleted", func(f *fakeAWS) { f.edit(secret, `"Tags"`, `"DeletedDate": 1795305600, "Tags"`) },
			[]string{"FAIL key-age TagKeys: it is being deleted"},
		},
		{
			"a function of no date", func(f *fakeAWS) { f.edit(functionUnder+"Login", "2026-11-20T08:31:07.000+0000", "yesterday") },
			[]string{"unknown key-deployed Login: when it was changed is not told"},
		},
	})
}

func TestClock(t *testing.T) {
	run(t, []findingCase{
		{"10 s ahead", func(f *fakeAWS) { f.now = today.Add(-10 * time.Second) }, []string{"FAIL clock this machine: 9s ahead of AWS at least"}},
		{"10 s behind", func(f *fakeAWS) { f.now = today.Add(10 * time.Second) }, []string{"FAIL clock this machine: 10s behind AWS at least"}},
		{"4 s ahead", func(f *fakeAWS) { f.now = today.Add(-4 * time.Second) }, []string{"warn clock this machine: 3s ahead of AWS at least"}},
		{"2 s behind", func(f *fakeAWS) { f.now = today.Add(2 * time.Second) }, nil},
	})
}

func TestStack(t *testing.T) {
	const describe, list = "cloudformation.DescribeStacks", "cloudformation.ListStackResources.coatcheck@second"
	status := func(to string) func(*fakeAWS) {
		return func(f *fakeAWS) { f.edit(describe, ">UPDATE_COMPLETE<", ">"+to+"<") }
	}
	run(t, []findingCase{
		{
			"none of the name", func(f *fakeAWS) { f.fail(describe, http.StatusBadRequest, "ValidationError") },
			[]string{"FAIL stack coatcheck: there is no such stack in this Region"},
		},
		{"half-way", status("UPDATE_IN_PROGRESS"), []string{"warn stack coatcheck: UPDATE_IN_PROGRESS"}},
		{"undone", status("UPDATE_ROLLBACK_COMPLETE"), []string{"warn stack coatcheck: UPDATE_ROLLBACK_COMPLETE: the last deployment was undone"}},
		{"failed", status("UPDATE_ROLLBACK_FAILED"), []string{"FAIL stack coatcheck: UPDATE_ROLLBACK_FAILED"}},
		{"never made", status("ROLLBACK_COMPLETE"), []string{"FAIL stack coatcheck: ROLLBACK_COMPLETE"}},
		{"something new", status("WELL"), []string{`unknown stack coatcheck: status "WELL"`}},
		{
			"of something else", func(f *fakeAWS) { f.edit(list, ">Admin<", ">Other<") },
			[]string{
				"FAIL resource Admin: the stack has no AWS::Lambda::Function of this name",
				"FAIL role Other: policy admin: dynamodb:DeleteItem",
			},
		},
		{
			"with another thing by that name", func(f *fakeAWS) {
				f.edit("cloudformation.ListStackResources.coatcheck", "AWS::SecretsManager::Secret", "AWS::SSM::Parameter")
			},
			[]string{"FAIL resource TagKeys: the stack has no AWS::SecretsManager::Secret of this name"},
		},
		{
			"of no place", func(f *fakeAWS) { f.edit(describe, "arn:aws:cloudformation:", "cloudformation:") },
			[]string{"unknown stack coatcheck: cloudformation:DescribeStacks: the answer is not understood"},
		},
	})
}

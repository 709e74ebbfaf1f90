package doctor

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/appsync"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// call is one operation of a service.
type call[In, Out, Options any] func(context.Context, *In, ...func(*Options)) (*Out, error)

// clients are the calls that an examination makes: these and no others, and each of
// them only reads. None reads a secret's value or an item of a table.
//
// They are functions rather than interfaces, in which the linker would keep all of the
// 700 operations of these services: 30 MB of the program.
type clients struct {
	describeStacks     call[cloudformation.DescribeStacksInput, cloudformation.DescribeStacksOutput, cloudformation.Options]
	listStackResources call[cloudformation.ListStackResourcesInput, cloudformation.ListStackResourcesOutput, cloudformation.Options]

	getAPIs               call[apigatewayv2.GetApisInput, apigatewayv2.GetApisOutput, apigatewayv2.Options] // HTTP and WebSocket
	getGatewayAuthorizers call[apigatewayv2.GetAuthorizersInput, apigatewayv2.GetAuthorizersOutput, apigatewayv2.Options]
	getRestAPIs           call[apigateway.GetRestApisInput, apigateway.GetRestApisOutput, apigateway.Options]
	getRestAuthorizers    call[apigateway.GetAuthorizersInput, apigateway.GetAuthorizersOutput, apigateway.Options]
	listGraphQLAPIs       call[appsync.ListGraphqlApisInput, appsync.ListGraphqlApisOutput, appsync.Options]
	listEventAPIs         call[appsync.ListApisInput, appsync.ListApisOutput, appsync.Options]

	getFunctionConfiguration call[lambda.GetFunctionConfigurationInput, lambda.GetFunctionConfigurationOutput, lambda.Options]
	getFunctionConcurrency   call[lambda.GetFunctionConcurrencyInput, lambda.GetFunctionConcurrencyOutput, lambda.Options]
	getFunctionPolicy        call[lambda.GetPolicyInput, lambda.GetPolicyOutput, lambda.Options]

	listRolePolicies         call[iam.ListRolePoliciesInput, iam.ListRolePoliciesOutput, iam.Options]
	getRolePolicy            call[iam.GetRolePolicyInput, iam.GetRolePolicyOutput, iam.Options]
	listAttachedRolePolicies call[iam.ListAttachedRolePoliciesInput, iam.ListAttachedRolePoliciesOutput, iam.Options]
	getPolicy                call[iam.GetPolicyInput, iam.GetPolicyOutput, iam.Options]
	getPolicyVersion         call[iam.GetPolicyVersionInput, iam.GetPolicyVersionOutput, iam.Options]

	describeSecret call[secretsmanager.DescribeSecretInput, secretsmanager.DescribeSecretOutput, secretsmanager.Options]

	describeTable   call[dynamodb.DescribeTableInput, dynamodb.DescribeTableOutput, dynamodb.Options]
	describeTTL     call[dynamodb.DescribeTimeToLiveInput, dynamodb.DescribeTimeToLiveOutput, dynamodb.Options]
	describeBackups call[dynamodb.DescribeContinuousBackupsInput, dynamodb.DescribeContinuousBackupsOutput, dynamodb.Options]
}

func newClients(c aws.Config) clients {
	stacks, gateways, rest := cloudformation.NewFromConfig(c), apigatewayv2.NewFromConfig(c), apigateway.NewFromConfig(c)
	graphs, functions, identity := appsync.NewFromConfig(c), lambda.NewFromConfig(c), iam.NewFromConfig(c)
	secrets, tables := secretsmanager.NewFromConfig(c), dynamodb.NewFromConfig(c)
	return clients{
		describeStacks: stacks.DescribeStacks, listStackResources: stacks.ListStackResources,
		getAPIs: gateways.GetApis, getGatewayAuthorizers: gateways.GetAuthorizers,
		getRestAPIs: rest.GetRestApis, getRestAuthorizers: rest.GetAuthorizers,
		listGraphQLAPIs: graphs.ListGraphqlApis, listEventAPIs: graphs.ListApis,
		getFunctionConfiguration: functions.GetFunctionConfiguration, getFunctionConcurrency: functions.GetFunctionConcurrency,
		getFunctionPolicy: functions.GetPolicy,
		listRolePolicies:  identity.ListRolePolicies, getRolePolicy: identity.GetRolePolicy,
		listAttachedRolePolicies: identity.ListAttachedRolePolicies, getPolicy: identity.GetPolicy, getPolicyVersion: identity.GetPolicyVersion,
		describeSecret: secrets.DescribeSecret,
		describeTable:  tables.DescribeTable, describeTTL: tables.DescribeTimeToLive, describeBackups: tables.DescribeContinuousBackups,
	}
}

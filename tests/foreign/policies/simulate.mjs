// Evaluates requests against policies with iam-simulate, one batch a line: JSON in, JSON out.
//
// In:  {"scps": [policy…], "identity": policy | null, "boundary": policy | null, "requests": [{action, resource,
//      principal, account, context}…]}. `identity` null stands for "everything is allowed otherwise".
// Out: {"answers": [{"result": "Allowed" | "ExplicitlyDenied" | …, "ignored": [context keys]} | {"error": …}…]}
//
// The simulator is found from the folder in SIMULATOR_MODULES. It is licensed under the AGPL, which is why it
// runs in a process of its own and only in tests.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const require = createRequire(`${process.env.SIMULATOR_MODULES}/x.js`)
const load = (name) => import(pathToFileURL(require.resolve(name)))
const { runSimulation } = await load('@cloud-copilot/iam-simulate')
const { createValidatedPolicy, validateIdentityPolicy, validateServiceControlPolicy } =
  await load('@cloud-copilot/iam-policy')

const everything = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }

// Validated once a batch; a policy with errors is still refused, with each request.
function prepare({ scps, identity, boundary }) {
  const named = (policies, validate) =>
    policies.map((policy, index) => ({ name: `policy-${index}`, policy: createValidatedPolicy(policy, validate) }))
  return {
    identityPolicies: named([identity ?? everything], validateIdentityPolicy),
    permissionBoundaryPolicies: boundary ? named([boundary], validateIdentityPolicy) : undefined,
    serviceControlPolicies: [
      { orgIdentifier: 'r-root', policies: named([everything, ...scps], validateServiceControlPolicy) },
    ],
    resourceControlPolicies: [],
  }
}

async function answer(policies, { action, resource, principal, account, context }) {
  const outcome = await runSimulation(
    {
      ...policies,
      request: {
        action,
        principal,
        resource: { resource, accountId: account },
        contextVariables: { 'aws:PrincipalArn': principal, ...context },
      },
    },
    {},
  )
  if (outcome.errors) return { error: JSON.stringify(outcome.errors) }
  const ignored = (outcome.results ?? [outcome.result]).flatMap((it) => it?.ignoredContextKeys ?? [])
  return { result: outcome.overallResult, ignored }
}

for await (const line of createInterface({ input: process.stdin })) {
  const batch = JSON.parse(line)
  const policies = prepare(batch)
  const answers = []
  for (const request of batch.requests) answers.push(await answer(policies, request))
  process.stdout.write(JSON.stringify({ answers }) + '\n')
}

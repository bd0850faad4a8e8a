// What somebody has to be woken for, and what it costs. What to do for each: docs/OPERATIONS.md, "Alerts".

param namePrefix string
param location string
param tags object

@description('Who is told.')
param email string

param appInsightsId string
param databaseId string

@description('US dollars.')
param monthlyBudget int

@description('The first day of a month.')
param budgetStartDate string

// Requests are those that the handler tells of, "POST /MatchScan" among them; under the names of functions the host tells of those that
// failed: host.json, and docs/adr/0019-telemetry.md.
// Each is a question about the last `minutes`; the alert goes off if it has more than `above` rows.
var questions = [
  {
    name: 'server-errors'
    description: 'The API answered at least ten requests with 5xx in a quarter of an hour.'
    severity: 1
    minutes: 15
    above: 9
    query: 'requests | where toint(resultCode) >= 500 and name !in ("MatchScan", "POST /MatchScan")'
  }
  {
    name: 'match-scan-fails'
    description: 'The match scan failed more than twice in half an hour.'
    severity: 2
    minutes: 30
    above: 2
    query: 'requests | where name == "MatchScan" and success == false'
  }
  {
    name: 'match-scan-silent'
    description: 'The match scan has not run for half an hour.'
    severity: 2
    minutes: 30
    above: 0
    query: 'requests | where name == "POST /MatchScan" | summarize runs = count() | where runs == 0'
  }
  {
    name: 'cause-set-aside'
    description: 'The match scan has given up on something, and somebody may not have been told of a match.'
    severity: 2
    minutes: 15
    above: 0
    query: 'traces | where message has "a cause of matches is set aside"'
  }
  {
    name: 'handler-stops'
    description: 'The handler can not start, or renew its secrets.'
    severity: 1
    minutes: 15
    above: 0
    query: 'traces | where message has "the handler can\'t go on" or message has "the secrets can\'t be renewed"'
  }
  {
    name: 'tokens-reused'
    description: 'Spent refresh tokens came back more than five times in a quarter of an hour: stolen, or a faulty client.'
    severity: 2
    minutes: 15
    above: 5
    query: 'traces | where message has "refresh_reused"'
  }
  {
    name: 'logins-guessed'
    description: 'More than 200 logins failed or were slowed down in a quarter of an hour.'
    severity: 2
    minutes: 15
    above: 200
    query: 'traces | where message has "login_failed" or message has "login_throttled"'
  }
]

var levels = [
  {
    name: 'database-busy'
    description: 'The database is above 80 % of its tier for a quarter of an hour.'
    metric: 'dtu_consumption_percent'
    threshold: 80
  }
  {
    name: 'database-full'
    description: 'The database has filled 80 % of its space.'
    metric: 'storage_percent'
    threshold: 80
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${namePrefix}-alerts'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'tmalerts'
    emailReceivers: [
      {
        name: 'operators'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource asked 'Microsoft.Insights/scheduledQueryRules@2023-03-15-preview' = [
  for question in questions: {
    name: '${namePrefix}-${question.name}'
    location: location
    tags: tags
    properties: {
      displayName: question.name
      description: question.description
      enabled: true
      severity: question.severity
      scopes: [appInsightsId]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT${question.minutes}M'
      criteria: {
        allOf: [
          {
            query: question.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: question.above
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      autoMitigate: true
      actions: {
        actionGroups: [people.id]
      }
    }
  }
]

resource measured 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for level in levels: {
    name: '${namePrefix}-${level.name}'
    location: 'global'
    tags: tags
    properties: {
      description: level.description
      enabled: true
      severity: 2
      scopes: [databaseId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: level.name
            criterionType: 'StaticThresholdCriterion'
            metricName: level.metric
            operator: 'GreaterThan'
            threshold: level.threshold
            timeAggregation: 'Average'
          }
        ]
      }
      autoMitigate: true
      actions: [
        {
          actionGroupId: people.id
        }
      ]
    }
  }
]

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: '${namePrefix}-budget'
  properties: {
    amount: monthlyBudget
    category: 'Cost'
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: budgetStartDate
    }
    notifications: {
      halfSpent: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 50
        thresholdType: 'Actual'
        contactEmails: [email]
      }
      spent: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 100
        thresholdType: 'Actual'
        contactEmails: [email]
      }
      willBeSpent: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: [email]
      }
    }
  }
}

// Everything that TravelMeetup runs on, for one environment in one resource group. See README.md beside this file.

targetScope = 'resourceGroup'

@description('Which environment this is. Part of every name.')
@allowed(['dev', 'staging', 'prod'])
param environment string = 'dev'

@description('Where all resources are.')
param location string = resourceGroup().location

@description('What every name begins with. The names of the app, the SQL server and the vault are addresses in the whole of Azure: choose one of your own.')
@minLength(3)
@maxLength(13)
param appNamePrefix string = 'travelmeetup'

@description('flex: Flex Consumption (FC1). consumption: Linux Consumption (Y1), which retires on 2028-09-30.')
@allowed(['flex', 'consumption'])
param hostingPlan string = 'flex'

@description('Memory of an instance in MB, on Flex Consumption. 2048 MB come with a whole core.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('How many instances there may be, on Flex Consumption. 40 is the least that the platform takes.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Basic, S0, S1 and so on, or a serverless size such as GP_S_Gen5_1, which pauses by itself.')
param sqlDatabaseSku string = environment == 'prod' ? 'S0' : 'Basic'

@description('Days that a database can be restored to any moment of. Basic keeps 7 at most.')
@minValue(1)
@maxValue(35)
param sqlBackupRetentionDays int = 7

@description('The display name of the Entra user or group that administers SQL. There is no password.')
param sqlAdminName string

@description('The object id of that user or group.')
param sqlAdminObjectId string

@description('What that is.')
@allowed(['Group', 'User'])
param sqlAdminPrincipalType string = 'Group'

@description('Connections to the database that one instance may hold.')
@minValue(1)
@maxValue(100)
param databasePoolSize int = 5

@description('The web origins that may call the API.')
param corsOrigins array = []

@description('When the match scan runs: NCRONTAB with six fields, in UTC.')
param matchScanSchedule string = '0 */5 * * * *'

@description('Who is told of alerts and of the budget.')
param alertEmail string

@description('owner/name of the repository on GitHub whose workflow deploys the app.')
param githubRepository string

@description('US dollars a month at which the budget warns.')
@minValue(1)
param monthlyBudget int = 150

@description('The first day of the month of the first deployment, as 2026-12-01. It can not be changed afterwards.')
param budgetStartDate string

var tags = {
  environment: environment
  project: 'TravelMeetupApp'
}
var functionAppName = '${appNamePrefix}-api-${environment}'
var sqlServerName = '${appNamePrefix}-sql-${environment}'
var sqlDatabaseName = '${appNamePrefix}-db-${environment}'
// Three to 24 lower-case letters and digits, unique in the whole of Azure.
var storageAccountName = '${take(replace(toLower(appNamePrefix), '-', ''), 11)}${uniqueString(resourceGroup().id, environment)}'

module monitoring 'modules/appInsights.bicep' = {
  name: 'monitoring'
  params: {
    name: '${appNamePrefix}-ai-${environment}'
    workspaceName: '${appNamePrefix}-logs-${environment}'
    location: location
    tags: tags
    dailyQuotaGb: environment == 'prod' ? 2 : 1
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  params: {
    name: storageAccountName
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

module keyVault 'modules/keyVault.bicep' = {
  name: 'keyVault'
  params: {
    name: '${appNamePrefix}-kv-${environment}'
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

module sql 'modules/sqlDatabase.bicep' = {
  name: 'sqlDatabase'
  params: {
    serverName: sqlServerName
    databaseName: sqlDatabaseName
    location: location
    tags: tags
    skuName: sqlDatabaseSku
    backupRetentionDays: sqlBackupRetentionDays
    adminName: sqlAdminName
    adminObjectId: sqlAdminObjectId
    adminPrincipalType: sqlAdminPrincipalType
    workspaceId: monitoring.outputs.workspaceId
  }
}

module functionApp 'modules/functionApp.bicep' = {
  name: 'functionApp'
  params: {
    name: functionAppName
    planName: '${appNamePrefix}-plan-${environment}'
    location: location
    tags: tags
    hostingPlan: hostingPlan
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    storageAccountName: storage.outputs.name
    blobEndpoint: storage.outputs.blobEndpoint
    packageContainer: storage.outputs.packageContainer
    workspaceId: monitoring.outputs.workspaceId
    // Staging keeps the rules of production; dev too: its secrets are in a vault all the same.
    environmentName: environment == 'prod' ? 'production' : 'staging'
    databaseUrl: 'Server=tcp:${sql.outputs.serverFqdn},1433;Database=${sql.outputs.databaseName};Encrypt=true;Authentication=Active Directory Managed Identity'
    databasePoolSize: databasePoolSize
    keyVaultUrl: keyVault.outputs.vaultUri
    applicationInsightsConnectionString: monitoring.outputs.connectionString
    corsOrigins: corsOrigins
    matchScanSchedule: matchScanSchedule
  }
}

module deployment 'modules/deploymentIdentity.bicep' = {
  name: 'deploymentIdentity'
  params: {
    name: '${appNamePrefix}-deploy-${environment}'
    location: location
    tags: tags
    githubRepository: githubRepository
    githubEnvironment: environment
  }
}

module roles 'modules/roleAssignments.bicep' = {
  name: 'roleAssignments'
  params: {
    functionAppName: functionApp.outputs.name
    functionAppPrincipalId: functionApp.outputs.principalId
    deploymentPrincipalId: deployment.outputs.principalId
    storageAccountName: storage.outputs.name
    keyVaultName: keyVault.outputs.name
    appInsightsName: monitoring.outputs.name
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  params: {
    namePrefix: '${appNamePrefix}-${environment}'
    location: location
    tags: tags
    email: alertEmail
    appInsightsId: monitoring.outputs.id
    databaseId: sql.outputs.databaseId
    monthlyBudget: monthlyBudget
    budgetStartDate: budgetStartDate
  }
}

output functionAppName string = functionApp.outputs.name
output functionAppUrl string = functionApp.outputs.url
output sqlServerFqdn string = sql.outputs.serverFqdn
output sqlServerName string = sql.outputs.serverName
output sqlDatabaseName string = sql.outputs.databaseName
output keyVaultName string = keyVault.outputs.name
output appInsightsName string = monitoring.outputs.name
output storageAccountName string = storage.outputs.name
output releaseContainer string = storage.outputs.releaseContainer
output hostingPlan string = hostingPlan
output deploymentIdentityName string = deployment.outputs.name
output deploymentClientId string = deployment.outputs.clientId

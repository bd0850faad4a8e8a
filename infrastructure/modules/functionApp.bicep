// The plan and the app: the handler behind the Functions host.

param name string
param planName string
param location string
param tags object

@description('flex or consumption.')
@allowed(['flex', 'consumption'])
param hostingPlan string

param instanceMemoryMB int
param maximumInstanceCount int

@description('The host keeps its locks there, by the identity of the app.')
param storageAccountName string

@description('Its address for blobs, with a slash at the end.')
param blobEndpoint string

@description('The container that packages are deployed from.')
param packageContainer string

@description('The workspace that the logs of the host go to.')
param workspaceId string

@description('ENVIRONMENT of the handler: staging or production.')
@allowed(['staging', 'production'])
param environmentName string

@description('A connection string without a password.')
param databaseUrl string

param databasePoolSize int
param keyVaultUrl string
param applicationInsightsConnectionString string
param corsOrigins array
param matchScanSchedule string

var flex = hostingPlan == 'flex'

// What the handler reads (README.md, "Configuration"), and what the host does.
var settings = [
  {
    name: 'AzureWebJobsStorage__accountName'
    value: storageAccountName
  }
  {
    name: 'AzureWebJobsStorage__credential'
    value: 'managedidentity'
  }
  {
    name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
    value: applicationInsightsConnectionString
  }
  {
    name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
    value: 'Authorization=AAD'
  }
  {
    name: 'ENVIRONMENT'
    value: environmentName
  }
  {
    name: 'DATABASE_URL'
    value: databaseUrl
  }
  {
    name: 'DATABASE_POOL_SIZE'
    value: string(databasePoolSize)
  }
  {
    name: 'KEY_VAULT_URL'
    value: keyVaultUrl
  }
  {
    name: 'CORS_ORIGINS'
    value: join(corsOrigins, ',')
  }
  {
    name: 'ACCESS_TOKEN_EXPIRE_MINUTES'
    value: '15'
  }
  {
    name: 'REFRESH_TOKEN_EXPIRE_DAYS'
    value: '7'
  }
  {
    name: 'MATCH_SCAN_SCHEDULE'
    value: matchScanSchedule
  }
  {
    name: 'LOG_LEVEL'
    value: 'info'
  }
]

// Flex Consumption refuses these; Linux Consumption does not start without them.
var consumptionSettings = [
  {
    name: 'FUNCTIONS_EXTENSION_VERSION'
    value: '~4'
  }
  {
    name: 'FUNCTIONS_WORKER_RUNTIME'
    value: 'custom'
  }
  {
    name: 'WEBSITE_RUN_FROM_PACKAGE'
    value: '${blobEndpoint}${packageContainer}/live.zip'
  }
  {
    name: 'WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID'
    value: 'SystemAssigned'
  }
]

var flexConfig = {
  runtime: {
    name: 'custom'
    version: '1.0'
  }
  scaleAndConcurrency: {
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    triggers: {
      http: {
        perInstanceConcurrency: 100
      }
    }
  }
  deployment: {
    storage: {
      type: 'blobContainer'
      value: '${blobEndpoint}${packageContainer}'
      authentication: {
        type: 'SystemAssignedIdentity'
      }
    }
  }
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: flex ? 'FC1' : 'Y1'
    tier: flex ? 'FlexConsumption' : 'Dynamic'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'SystemAssigned'
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled'
    // Flex Consumption refuses most of what may stand here, ftpsState among it (ARM error 51021). FTP is shut by its policy below.
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      remoteDebuggingEnabled: false
      appSettings: flex ? settings : concat(settings, consumptionSettings)
    }
    functionAppConfig: flex ? flexConfig : null
  }
}

// Deployment by Entra identities alone: no passwords for the publishing endpoints.
resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: app
  properties: {
    workspaceId: workspaceId
    // The logs of the host and of the handler go to Application Insights already; twice would cost twice.
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
output principalId string = app.identity.principalId

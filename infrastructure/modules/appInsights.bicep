// Application Insights, and the Log Analytics workspace that holds what it and the other resources write.

@description('The name of the Application Insights component.')
param name string

@description('The name of the workspace.')
param workspaceName string

param location string
param tags object

@description('Gigabytes that are taken in a day; what comes after that is dropped until the next. A fault that logs without end must not cost without end.')
param dailyQuotaGb int

@description('Days that logs are kept. The first 31 are in the price.')
param retentionInDays int = 30

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionInDays
    workspaceCapping: {
      dailyQuotaGb: dailyQuotaGb
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    RetentionInDays: retentionInDays
    // Nobody writes by the key in the connection string: the app has an identity and a role, in roleAssignments.bicep.
    DisableLocalAuth: true
  }
}

output id string = component.id
output name string = component.name
// No secret: it says where telemetry goes, and lets its holder do nothing.
output connectionString string = component.properties.ConnectionString
output workspaceId string = workspace.id

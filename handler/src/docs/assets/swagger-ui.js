// Swagger UI on the document of this server. Everything that is tried out goes to this server, whichever others there are.
fetch("/openapi.json")
    .then((answer) => answer.json())
    .then((document) => {
        window.ui = SwaggerUIBundle({
            spec: { ...document, servers: [{ url: "/", description: "This server" }] },
            dom_id: "#pages",
            deepLinking: true,
            displayRequestDuration: true,
            docExpansion: "list",
            defaultModelsExpandDepth: 0,
            filter: true,
            tryItOutEnabled: true,
            validatorUrl: null,
        });
    });

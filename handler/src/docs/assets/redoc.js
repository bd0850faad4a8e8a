// ReDoc on the document of this server.
Redoc.init("/openapi.json", {
    hideDownloadButton: true,
    jsonSampleExpandLevel: 4,
    nativeScrollbars: true,
    requiredPropsFirst: true,
    sortRequiredPropsFirst: true,
    theme: { colors: { primary: { main: "#0b6e99" } }, sidebar: { width: "280px" } },
}, document.getElementById("pages"));

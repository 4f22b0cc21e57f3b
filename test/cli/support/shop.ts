/** A policy that has a bit of everything, as a wrangler.toml. */
export const SHOP = `
[[services]]
binding = "ADMIN"
service = "admin"

[vars.GATEWAY]
blocked_clients = ["evil"]

[vars.ISSUERS.auth0]
issuer = "https://auth0.example/"

[vars.ISSUERS.robots]
issuer = "https://robots.example/"
jwks_uri = "https://robots.example/keys"
scope_claim = "/access/scopes"
client_claim = "robot"
claims = { token_use = "access" }
max_token_age = 600

[vars.API_SHOP]
hosts = ["shop.example.com"]
origin = "https://shop.internal.example/base"
audience = ["https://shop.example.com", "urn:shop"]
issuer = ["auth0", "robots"]
origin_headers = { x-origin-secret = "secret:SHOP_SECRET" }
forward = { tenant = "x-tenant", "/realm/roles" = { header = "x-roles", as = "list" } }

[vars.API_SHOP.routes]
"GET      /orders"           = { scopes_all = ["read:orders", "orders"] }
"POST|PUT /orders"           = { scopes_all = ["write:orders"], scopes_any = ["sales", "admin"] }
"GET      /orders/:id"       = { clients = ["backoffice", "web"], audience = "urn:shop" }
"GET      /orgs/:org/orders" = { claims = { org_id = { param = "org" }, tier = ["gold", "silver"] } }
"GET      /robots"           = { issuer = "robots", scopes_all = ["beep"] }
"GET      /maybe"            = { auth = "optional" }
"GET      /tried"            = { report = { scopes_all = ["later"] } }
"GET      /files/*"          = { auth = "none" }

[vars.API_ADMIN]
hosts = ["admin.example.com"]
origin = "service:ADMIN"
audience = "urn:admin"
issuer = "auth0"
forward_authorization = true

[vars.API_ADMIN.routes]
"*   /admin/*" = { scopes_all = ["admin"] }
"GET /new"     = { scopes_all = ["new"], report_only = true }
`;

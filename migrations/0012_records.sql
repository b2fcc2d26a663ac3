-- Which cases reuse the deliverable of an order.
create index case_requirements_linked on case_requirements (order_id) where linked_by is not null;
